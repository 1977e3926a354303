/** Systems whose files can be converted. */
export const IMPORT_KINDS = ["gitlab", "github"] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

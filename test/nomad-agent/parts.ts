import { inject } from "vitest";

/**
 * What the tests of this folder need of a machine. The reasons are found once, by setup.ts; a test
 * whose part is missing is not run, and the run says so.
 */
export const PARTS = ["agent", "docker", "qemu"] as const;
export type Part = (typeof PARTS)[number];

declare module "vitest" {
  export interface ProvidedContext {
    nomadMissingParts: Partial<Record<Part, string>>;
  }
}

/** null when the part is there; else why it is not. */
export function missingPart(part: Part): string | null {
  return inject("nomadMissingParts")[part] ?? null;
}

export type ValueType = "boolean" | "string" | "number" | "any";

/** Something that an expression may read. A `fixed` text is known already, and conditions are decided by it. */
export interface Known {
  readonly text: string;
  readonly type: ValueType;
  readonly fixed?: string;
  /** All texts that it can be, where they are known. */
  readonly values?: readonly string[];
}

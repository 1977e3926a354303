/** One piece of bad input, and the answer it must get from the door it comes to. */
export interface HostileCase {
  /** Letter and number are those of the threat it stands for, where it has one. */
  readonly name: string;
  /** A diagnostic code, or the word of another typed answer; one of those that `answers` gives. */
  readonly expected: string;
  readonly bound: CostBound;
  /** What memory may grow by until the answer is there; MEBIBYTES_MAX when absent. */
  readonly mebibytes?: number;
  /** Makes the input, and what carries it through the real door. Nothing of it is kept by the case. */
  readonly prepare: () => () => readonly string[];
}

/**
 * Milliseconds of CPU time that an answer may take; `"whole"` where a text as large as a file may be has to be
 * read to its end, which then may cost what reading a valid one of that size does.
 */
export type CostBound = number | "whole";

/** What a case may cost when nothing else is said, in milliseconds of CPU time. */
export const CPU_MS_MAX = 50;

/** What a case may need when nothing else is said, garbage included. */
export const MEBIBYTES_MAX = 64;

/** A pipeline file that must be refused. */
export interface HostileText {
  readonly name: string;
  readonly text: string | Uint8Array;
  readonly code: string;
  /** Offset before which it must be refused: what stands behind it is never looked at. */
  readonly before?: number;
  /** CPU_MS_MAX when absent. */
  readonly bound?: CostBound;
}

export function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

export function list(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join(", ");
}

import { paint } from "../output.ts";

/** One line of `delta doctor`. `bad` means something asked of Delta CI here cannot work; `note` is worth knowing. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "bad";
  readonly found: string;
  /** What to do about it; null when there is nothing to do. */
  readonly advice: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, state: "ok", found, advice: null };
}

export function note(check: string, found: string, advice: string): Finding {
  return { check, state: "note", found, advice };
}

export function bad(check: string, found: string, advice: string): Finding {
  return { check, state: "bad", found, advice };
}

/** The finding as a person reads it; `width` is that of the first column. */
export function findingLine({ check, state, found, advice }: Finding, width: number): string {
  const mark = { ok: paint("green", "✓"), note: paint("yellow", "!"), bad: paint("red", "✗") }[state];
  const text = `${mark} ${check.padEnd(width)}${found}`;
  return advice === null ? text : `${text}\n  ${" ".repeat(width)}${paint("dim", advice)}`;
}

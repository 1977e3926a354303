/** One line of a doctor's screen. `bad` means that attempts cannot run; `note` is worth knowing. */
export interface NomadFinding {
  readonly check: string;
  readonly state: "ok" | "note" | "bad";
  readonly found: string;
  /** What to do about it; null when there is nothing to do. */
  readonly advice: string | null;
}

export function ok(check: string, found: string): NomadFinding {
  return { check, state: "ok", found, advice: null };
}

export function note(check: string, found: string, advice: string): NomadFinding {
  return { check, state: "note", found, advice };
}

export function bad(check: string, found: string, advice: string): NomadFinding {
  return { check, state: "bad", found, advice };
}

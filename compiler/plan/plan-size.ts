import type { Diagnostic, Span } from "../../schemas/diagnostic.ts";
import { Report } from "../diagnostics/report.ts";
import type { PlanLimits } from "../input.ts";

const MEBI = 2 ** 20;
/** Any plan may have this many characters: a server reads and stores that in less than a tenth of a second. */
const CHARACTERS_MIN = 8 * MEBI;
/** No plan may have more, however many jobs operators allow: ten thousand with 3,000 characters each. */
const CHARACTERS_CEILING = 32 * MEBI;
/** A job that says little has 1,500, its decision among them. */
const CHARACTERS_PER_JOB = 8 * 1024;

/** Characters of a plan as JSON: 8 Mi, and 32 Mi where operators allow four thousand jobs. */
export function planCharactersMax({ jobs }: PlanLimits): number {
  return Math.min(Math.max(jobs * CHARACTERS_PER_JOB, CHARACTERS_MIN), CHARACTERS_CEILING);
}

/** Smaller values, which are most, are measured again sooner than they are looked up and collected. */
const REMEMBERED_MIN = 256;

/** What JSON puts around one value: quotes, a colon or comma. */
const AROUND_VALUE = 3;

/**
 * Counts what goes into a plan while it is made. A few kilobytes of text, times the cells of a matrix, times
 * aliases, are gigabytes written out; that is noticed here before it is made.
 */
export class PlanSize {
  readonly #most: number;
  readonly #measured = new Map<object, number>();
  /** What came last under each key of those that are alike. */
  readonly #last: Record<string, { value: unknown; characters: number }> = {};
  #characters = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Adds a value that will stand in the plan. It counts as no larger than its JSON. */
  add(value: unknown): void {
    if (this.isPast) return;
    if (typeof value === "string") this.#characters += writtenLength(value) + AROUND_VALUE;
    else if (Array.isArray(value)) this.#addItems(value);
    else if (typeof value === "object" && value !== null) this.#addFields(value);
  }

  #addItems(items: readonly unknown[]): void {
    for (let at = 0; at < items.length; at += 1) this.add(items[at]);
  }

  /** The same for one of many that are alike: what it has in common with the last one is not measured again. */
  addAlike(fields: object): void {
    for (const key in fields) {
      const value = (fields as Readonly<Record<string, unknown>>)[key];
      const last = (this.#last[key] ??= { value: undefined, characters: 0 });
      if (last.value !== value || value === undefined) {
        const before = this.#characters;
        this.add(value);
        last.characters = this.#characters - before;
        last.value = value;
      } else this.#characters += last.characters;
      this.#characters += key.length + AROUND_VALUE;
    }
  }

  /** Adds what was measured before. */
  addMeasured(characters: number): void {
    this.#characters += characters;
  }

  /** Counted so far. */
  get characters(): number {
    return this.#characters;
  }

  get isPast(): boolean {
    return this.#characters > this.#most;
  }

  /** What many jobs share stands in each of them, and is measured once. */
  #addFields(fields: object): void {
    const known = this.#measured.get(fields);
    const before = this.#characters;
    if (known === undefined) {
      // Far cheaper than a list of pairs for each of a million objects; none of them inherits anything.
      for (const key in fields) {
        this.#characters += key.length + AROUND_VALUE;
        this.add((fields as Readonly<Record<string, unknown>>)[key]);
      }
      const own = this.#characters - before;
      if (own >= REMEMBERED_MIN) this.#measured.set(fields, own);
    } else this.#characters += known;
  }
}

/** JSON may write one character as six. */
function writtenLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- control characters are what JSON escapes
  return /["\\\u0000-\u001f]/.test(text) ? JSON.stringify(text).length - 2 : text.length;
}

/** What is wrong with a plan that is written out; empty when nothing is. */
export function lengthProblem(canonical: string, limits: PlanLimits): readonly Diagnostic[] {
  const report = new Report();
  if (canonical.length > planCharactersMax(limits))
    reportTooLong(report, limits, { what: "With what changed and what was decided", span: null });
  return report.settle();
}

/** Reports (DC1207) that the plan is too large once what is added at this place is written out. */
export function reportTooLong(
  report: Report,
  limits: PlanLimits,
  { what, span }: { readonly what: string; readonly span: Span | null },
): void {
  const most = `${Math.floor(planCharactersMax(limits) / MEBI)} Mi characters`;
  const remedy = "keep long texts in files of the repository, or run fewer jobs";
  report.add("DC1207", span, `${what} the plan has more than ${most}; ${remedy}`);
}

import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import type { Diagnostic, Fix, RelatedSpan, Severity, Span } from "../../schemas/diagnostic.ts";

/** More findings than this in one pipeline help nobody and cost memory. */
export const DIAGNOSTICS_MAX = 200;

/** Gathers findings. Phases share one and keep going after a finding, so that a user sees all of them. */
export class Report {
  readonly #found: Diagnostic[] = [];
  /** One finding for all cells of a matrix: they share their places. */
  readonly #seen = new Set<string>();
  #errors = 0;
  #asked = 0;

  /**
   * Every finding past DIAGNOSTICS_MAX is counted, not kept. A message that takes time to make, such as one that looks
   * for what was meant, is given as a function, which is called for what is kept.
   */
  add(
    code: DiagnosticCode,
    span: Span | null,
    message: string | (() => string),
    more: { readonly related?: readonly RelatedSpan[]; readonly fix?: Fix } = {},
  ): void {
    this.#asked += 1;
    const severity: Severity = DIAGNOSTIC_CODES[code].severity;
    if (severity === "error") this.#errors += 1;
    if (this.isFull) return;
    const text = typeof message === "string" ? message : message();
    const key = `${code} ${span?.start}:${span?.end} ${span?.file} ${text}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const { related = [], fix } = more;
    this.#found.push({ code, severity, message: text, span, related, ...(fix ? { fix } : {}) });
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** How often something was to be added, repeats and what is not kept among it. */
  get asked(): number {
    return this.#asked;
  }

  /** True when there is no plan and nothing more is told: whatever is still to be looked at changes no answer. */
  get isSettled(): boolean {
    return this.isFull && this.hasErrors;
  }

  /** True when nothing more is kept; a long loop may end early. */
  get isFull(): boolean {
    return this.#found.length >= DIAGNOSTICS_MAX;
  }

  /** Sorted by place, without repeats. */
  settle(): readonly Diagnostic[] {
    return sortDiagnostics(this.#found);
  }
}

/** By file, offset, code and message; two that agree in all of these are one. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const sorted = [...diagnostics].sort(compareDiagnostics);
  return sorted.filter((one, index) => {
    const previous = sorted[index - 1];
    return previous === undefined || compareDiagnostics(previous, one) !== 0;
  });
}

function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.span?.file ?? "", b.span?.file ?? "") ||
    (a.span?.start ?? -1) - (b.span?.start ?? -1) ||
    (a.span?.end ?? -1) - (b.span?.end ?? -1) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

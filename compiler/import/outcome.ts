import type { Diagnostic, Span } from "../../schemas/diagnostic.ts";
import { sortDiagnostics, Report } from "../diagnostics/report.ts";

/** What became of one job of the given file. */
export interface ImportedJob {
  readonly name: string;
  readonly span: Span;
  /** whole: nothing of it is listed but notes. partly: something is. left_out: the pipeline does not have it, or never runs it. */
  readonly outcome: "whole" | "partly" | "left_out";
  /** What is listed of it. */
  readonly findings: readonly Diagnostic[];
}

/** Findings by job, so that it is known which jobs are whole and none hides those of another. */
export class Outcomes {
  readonly #file = new Report();
  readonly #reports: {
    readonly name: string;
    readonly span: Span;
    readonly report: Report;
    isKept: boolean;
  }[] = [];

  /** Findings that are about no job. */
  get file(): Report {
    return this.#file;
  }

  /** A report for what is found in this job. */
  job(name: string, span: Span): Report {
    const report = new Report();
    this.#reports.push({ name, span, report, isKept: true });
    return report;
  }

  /** Notes that the job is not in the pipeline, or can never run there. */
  leave(report: Report): void {
    for (const one of this.#reports) if (one.report === report) one.isKept = false;
  }

  /** Notes that there is no pipeline, or that nothing starts it. */
  leaveAll(): void {
    for (const one of this.#reports) one.isKept = false;
  }

  /** Takes the job off the list: others stand in its place. */
  forget(report: Report): void {
    const at = this.#reports.findIndex((one) => one.report === report);
    if (at >= 0) this.#reports.splice(at, 1);
  }

  findings(): readonly Diagnostic[] {
    return sortDiagnostics(
      [this.#file, ...this.#reports.map(({ report }) => report)].flatMap((one) => one.settle()),
    );
  }

  jobs(): readonly ImportedJob[] {
    return this.#reports.map(({ name, span, report, isKept }) => {
      const findings = report.settle();
      const isWhole = findings.every(({ severity }) => severity === "info");
      return { name, span, outcome: isKept ? (isWhole ? "whole" : "partly") : "left_out", findings };
    });
  }
}

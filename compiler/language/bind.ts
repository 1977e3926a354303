import type { Report } from "../diagnostics/report.ts";
import { evaluateExpression, renderTemplate, type Scope, type Template } from "../expressions/index.ts";
import { folderProblem, normalizeFolder } from "./folder.ts";
import { readsLate } from "./late-reads.ts";
import type { IfModel, JobModel, StepModel } from "./model.ts";

/** A job's texts with every `${{ }}` worked out for one event and change set. */
export interface BoundJob {
  readonly name: string | null;
  readonly image: string | null;
  /** Normalised; `.` for the repository's root. */
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface BoundStep {
  readonly name: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  readonly model: StepModel;
}

/** Works out the texts of a job but its steps'. One without a value is a finding (DC1308, DC1112) and stands as empty. */
export function bindJob(job: JobModel, binder: Binder): BoundJob {
  return {
    name: binder.optional(job.name),
    image: binder.optional(job.image),
    workdir: job.workdir === null ? "." : binder.folder(job.workdir),
    env: binder.env(job.env),
  };
}

/** Works out an `if`. A value that cannot be worked out is a finding, never a silent false. */
function conditionHolds(condition: IfModel, scope: Scope, report: Report): boolean {
  const { value, problem } = evaluateExpression(condition.expression, scope);
  if (problem) {
    report.add("DC1308", problem.span, `\`${condition.source}\` cannot be worked out: ${problem.message}`);
  } else if (typeof value !== "boolean") {
    report.add("DC1308", condition.span, `\`${condition.source}\` is neither true nor false`);
  }
  return value === true;
}

/** Works out texts in the scope of one job. */
export class Binder {
  readonly #scope: Scope;
  readonly #report: Report;

  constructor(scope: Scope, report: Report) {
    this.#scope = scope;
    this.#report = report;
  }

  optional(template: Template | null): string | null {
    return template && this.text(template);
  }

  text(template: Template): string {
    const { text, problem } = renderTemplate(template, this.#scope);
    if (problem) {
      this.#report.add(
        "DC1308",
        problem.span,
        `This cannot be worked out for this event: ${problem.message}`,
      );
    }
    return text ?? "";
  }

  /** A folder inside the repository, normalised; one that leaves it is a finding. */
  folder(template: Template): string {
    const text = this.text(template);
    const problem = folderProblem(text);
    if (problem !== null) this.#report.add("DC1112", template.span, problem);
    return normalizeFolder(text);
  }

  /** Without the variables that read needed jobs. */
  env(templates: ReadonlyMap<string, Template>): Readonly<Record<string, string>> {
    const known: [string, string][] = [];
    for (const [key, template] of templates) {
      if (!readsLate(template)) known.push([key, this.text(template)]);
    }
    return Object.fromEntries(known);
  }

  /** None when the step's `if` is false. */
  step(step: StepModel): readonly BoundStep[] {
    if (step.if && !conditionHolds(step.if, this.#scope, this.#report)) return [];
    const run = this.text(step.run);
    const name = this.optional(step.name) ?? firstLine(run);
    return [{ name, run, env: this.env(step.env), model: step }];
  }
}

/** A command's first line that says something, for the name of a step without one. */
function firstLine(run: string): string {
  const line = run
    .split("\n")
    .find((candidate) => candidate.trim() !== "" && !candidate.trim().startsWith("#"));
  const text = (line ?? run).trim();
  return text.length > STEP_NAME_CHARACTERS_MAX ? `${text.slice(0, STEP_NAME_CHARACTERS_MAX - 1)}…` : text;
}

const STEP_NAME_CHARACTERS_MAX = 80;

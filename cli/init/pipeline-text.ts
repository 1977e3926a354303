import { MATCH_WORK_MAX, pathTest } from "../../compiler/globs/index.ts";
import type { Findings } from "./detect.ts";
import { type Job, jobsFor } from "./jobs.ts";

/** What the schema lets a pipeline's name have. */
const NAME_LENGTH_MAX = 100;

/** A first pipeline. A glob that none of the repository's paths matches is left out. */
export function pipelineText(findings: Findings, name: string, paths: readonly string[]): string {
  const hasFile = (glob: string): boolean =>
    paths.some(pathTest([glob.replace(/^!/, "")], { left: MATCH_WORK_MAX }));
  const jobs = jobsFor(findings);
  const known = findings.ecosystems.length > 0;
  const lines = [
    "# What Delta CI runs for a change in this repository.",
    "# `delta validate` checks this file, `delta plan` shows what it decides, `delta run` carries it out.",
    "version: 1",
    `name: ${JSON.stringify(name.slice(0, NAME_LENGTH_MAX))}`,
    "on:",
    "  push: {}",
    "  pull_request: {}",
    ...(known ? [`discover: [${findings.ecosystems.join(", ")}]`] : []),
    "jobs:",
    ...(jobs.length > 0 ? jobs.flatMap((job) => jobLines(job, hasFile)) : placeholderLines()),
  ];
  return `${lines.join("\n")}\n`;
}

function jobLines({ id, condition, workdir, steps }: Job, hasFile: (glob: string) => boolean): string[] {
  const { changes, forEach, components } = condition;
  return [
    `  ${id}:`,
    ...listLine("changes", withoutVain(changes?.filter(hasFile) ?? [])),
    ...(forEach === undefined ? [] : ["    for_each: affected"]),
    ...listLine("components", forEach ?? components ?? []),
    ...(workdir === undefined ? [] : [`    workdir: ${JSON.stringify(workdir)}`]),
    "    steps:",
    ...steps.flatMap((step) => [`      - name: ${step.name}`, `        run: ${step.run}`]),
  ];
}

/** Every change and no exception is what a job without a condition runs for. */
function withoutVain(changes: readonly string[]): readonly string[] {
  return changes.length === 1 && changes[0] === "**" ? [] : changes;
}

function listLine(key: string, values: readonly string[]): string[] {
  return values.length === 0
    ? []
    : [`    ${key}: [${values.map((value) => JSON.stringify(value)).join(", ")}]`];
}

function placeholderLines(): string[] {
  return [
    "  check:",
    "    # Replace this with the command that checks your code; add `changes: [globs]` to run it only when needed.",
    "    steps:",
    "      - name: list",
    "        run: git ls-files | head -n 20",
  ];
}

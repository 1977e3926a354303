import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, entryOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlMap } from "../../yaml/nodes.ts";
import { type JobDraft, type PipelineDraft } from "../emit.ts";
import type { Reading } from "../files.ts";
import { jobIds } from "../job-ids.ts";
import { withKnownNeeds, type WrittenJobs } from "../known-needs.ts";
import type { Outcomes } from "../outcome.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import type { Conversion } from "../write-pipeline.ts";
import { withIncluded } from "./include.ts";
import { convertJob, type JobContext } from "./job.ts";
import { extended } from "./merge.ts";
import { Needs, withArtifacts, type WrittenJob } from "./needs.ts";
import { SET_BY_SHELL } from "./predefined.ts";
import { resolveReferences, withoutReferences } from "./reference.ts";
import { convertRules } from "./rules.ts";
import { FileVariables, namesInConditions } from "./scope.ts";
import { readVariables, type ShellVariables } from "./variables.ts";

/** Keys at the top of the file that are no jobs. */
const GLOBAL = new Set([
  "default",
  "include",
  "stages",
  "types",
  "variables",
  "workflow",
  "image",
  "services",
  "cache",
  "before_script",
  "after_script",
  "spec",
]);
/** Keys at the top that are defaults of jobs, as those under `default` are. */
const OLD_DEFAULTS = ["image", "services", "cache", "before_script", "after_script"];
const STAGES_DEFAULT = ["build", "test", "deploy"];

export function convertGitlab(file: YamlMap, outcomes: Outcomes, reading: Reading): Conversion {
  const report = outcomes.file;
  const root = resolveReferences(withIncluded(file, reading, report));
  const reader = new KeyReader(root, report);
  const named = scalarTexts((reader.take("stages") ?? reader.take("types"))?.value);
  const stages = [".pre", ...(named.length > 0 ? named : STAGES_DEFAULT), ".post"];
  const workflow = reader.map("workflow");
  const written = workflow?.take("rules") ?? null;
  const globals = readVariables(reader.node("variables"), report);
  const variables = new FileVariables(
    globals,
    setByRules(written?.value),
    namesInConditions(root),
    reading.repository,
  );
  const scope = variables.scope(new Map(), {}, report, () => true);
  const rules = written === null ? undefined : convertRules(written, scope, "pipeline");
  const name = scalarText(workflow?.node("name"));
  const isCanceled = cancelsOlder(workflow, report);
  workflow?.finish("`workflow`");
  const isForRequests = mentionsRequests(root);
  const shell: ShellVariables = { known: SET_BY_SHELL, words: new Map() };
  const env = variables.env(report, shell);
  const context = {
    defaults: defaultsOf(root),
    variables,
    hasRules: rules !== undefined,
    isForRequests,
    isCanceled,
    shellWords: shell.words,
  };
  const { jobs, writtenOf } = convertJobs(writtenJobs(root, stages, outcomes), stages, context, outcomes);
  const draft: PipelineDraft = {
    name: name === null || name.includes("$") ? undefined : name.slice(0, 100),
    on: isForRequests ? ["push", "pull_request", "manual", "api"] : ["push", "manual", "api"],
    rules,
    inputs: variables.inputs,
    vars: variables.vars,
    env,
    concurrency: isCanceled ? { group: "${{ ref.full }}", on_conflict: "cancel_older" } : undefined,
    defaults: undefined,
    jobs,
  };
  const [ofWorkflow, ofVariables] = [entryOf(root, "workflow"), entryOf(root, "variables")];
  const madeOf = {
    name: ofWorkflow,
    rules: ofWorkflow,
    concurrency: ofWorkflow,
    inputs: ofVariables,
    vars: ofVariables,
    env: ofVariables,
  };
  return { draft, writtenOf, madeOf };
}

function convertJobs(
  written: readonly WrittenJob[],
  stages: readonly string[],
  context: Omit<JobContext, "report">,
  outcomes: Outcomes,
): { readonly jobs: ReadonlyMap<string, JobDraft>; readonly writtenOf: WrittenJobs } {
  const ids = jobIds(written.map(({ entry }) => entry.key));
  const needs = new Needs(written, stages, ids);
  const drafts = new Map<string, JobDraft>();
  const reports = new Map<string, WrittenJob>();
  for (const job of written) {
    const id = ids.get(job.entry.key) ?? "";
    reports.set(id, job);
    const draft = convertJob(job.entry, withoutReferences(job.map, job.report), job.stage, {
      ...context,
      report: job.report,
    });
    if (draft === null) {
      outcomes.leave(job.report);
      continue;
    }
    const name = id === job.entry.key ? undefined : job.entry.key.slice(0, 200);
    drafts.set(id, { name, ...draft, needs: needs.of(job) });
  }
  const writtenOf: WrittenJobs = (id) => reports.get(id) ?? null;
  return { jobs: withKnownNeeds(withArtifacts(drafts), writtenOf, outcomes), writtenOf };
}

/** `workflow: auto_cancel`, where a newer pipeline of the ref ends an older one. */
function cancelsOlder(workflow: KeyReader | null, report: Report): boolean {
  const entry = workflow?.take("auto_cancel") ?? null;
  const map = mapOf(entry?.value);
  if (entry === null || map === null) return false;
  const word = scalarText(entryOf(map, "on_new_commit")?.value);
  const onFailure = entryOf(map, "on_job_failure");
  if (onFailure !== null && scalarText(onFailure.value) !== "none")
    leftOut(
      report,
      onFailure.keySpan,
      "`on_job_failure` is `policies.runs.on_failure` here, and was left out",
    );
  if (word === "conservative")
    changed(
      report,
      entry.keySpan,
      "Jobs that may not be interrupted end the canceling there; here each job decides for itself",
    );
  return word === "interruptible" || word === "conservative";
}

function defaultsOf(root: YamlMap): YamlMap {
  const own = mapOf(entryOf(root, "default")?.value);
  const old = OLD_DEFAULTS.flatMap((key) => {
    const entry = entryOf(root, key);
    return entry === null ? [] : [[key, entry] as const];
  });
  return { ...root, entries: new Map([...old, ...(own?.entries ?? [])]) };
}

function writtenJobs(root: YamlMap, stages: readonly string[], outcomes: Outcomes): readonly WrittenJob[] {
  const known = new Set(stages);
  const jobs = [...root.entries.values()].filter(({ key }) => !GLOBAL.has(key) && !key.startsWith("."));
  return jobs.flatMap((entry) => {
    const own = mapOf(entry.value);
    if (own === null) {
      leftOut(
        outcomes.file,
        entry.keySpan,
        `${quote(entry.key)} is neither a job nor a key that is known, and was left out`,
      );
      return [];
    }
    const report = outcomes.job(entry.key, entry.keySpan);
    const map = extended(own, root.entries, report);
    const stage = scalarText(entryOf(map, "stage")?.value) ?? "test";
    if (!known.has(stage))
      changed(
        report,
        entry.keySpan,
        `${quote(entry.key)} is in the stage ${quote(stage)}, which is not in \`stages\`; it waits for nothing`,
      );
    if (entry.key === "pages" && booleanOf(entryOf(map, "pages")?.value) !== false)
      leftOut(
        report,
        entry.keySpan,
        "The job `pages` publishes a site of that server; here it only keeps the files",
      );
    return [{ entry, map, stage, report }];
  });
}

/** Names that a rule of the pipeline gives a value. */
function setByRules(node: Parameters<typeof itemsOf>[0]): ReadonlySet<string> {
  return new Set(
    itemsOf(node).flatMap((item) => [
      ...(mapOf(entryOf(mapOf(item), "variables")?.value)?.entries.keys() ?? []),
    ]),
  );
}

/** Whether anything in the file speaks of merge requests; without it they start no pipeline of their own. */
function mentionsRequests(root: YamlMap): boolean {
  const speaks = (text: string): boolean => /merge_request/i.test(text);
  const conditions = [...root.entries.values()].flatMap(({ value }) => {
    const map = mapOf(value);
    return ["rules", "only"].flatMap((key) => {
      const node = entryOf(map, key)?.value;
      return node === undefined
        ? []
        : itemsOf(node).flatMap((item) => [
            item,
            entryOf(mapOf(item), "if")?.value,
            entryOf(mapOf(item), "refs")?.value,
          ]);
    });
  });
  return conditions.some((node) => scalarTexts(node ?? null).some(speaks));
}

import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { entryOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import type { JobDraft, NeedDraft, PipelineDraft } from "../emit.ts";
import { jobIds } from "../job-ids.ts";
import { withKnownNeeds } from "../known-needs.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertJob } from "./job.ts";
import { extended } from "./merge.ts";
import { convertRules } from "./rules.ts";
import { variablesEnv } from "./variables.ts";

/** Keys at the top of the file that are no jobs. */
const GLOBAL = [
  "default",
  "include",
  "stages",
  "variables",
  "workflow",
  "image",
  "services",
  "cache",
  "before_script",
  "after_script",
  "spec",
  "pages",
];
/** Keys at the top that are defaults of jobs, as those under `default` are. */
const OLD_DEFAULTS = ["image", "services", "cache", "before_script", "after_script"];
const STAGES_DEFAULT = [".pre", "build", "test", "deploy", ".post"];

interface WrittenJob {
  readonly entry: YamlEntry;
  readonly map: YamlMap;
  readonly stage: string;
}

export function convertGitlab(root: YamlMap, report: Report): PipelineDraft {
  const reader = new KeyReader(root, report);
  const stages = [".pre", ...scalarTexts(reader.node("stages")), ".post"];
  const env = variablesEnv(reader.node("variables"), report);
  const workflow = reader.map("workflow");
  const written = workflow?.take("rules") ?? null;
  const rules = written === null ? undefined : convertRules(written, report);
  const name = scalarText(workflow?.node("name"));
  workflow?.finish("`workflow`");
  for (const item of itemsOf(reader.take("include")?.value))
    leftOut(report, item.span, "This file was not read: convert it as well, or write its jobs here");
  const defaults = defaultsOf(root, reader);
  const jobs = writtenJobs(root, stages.length === 2 ? STAGES_DEFAULT : stages, report);
  const isForRequests = mentionsRequests(root);
  const ids = jobIds(jobs.map(({ entry }) => entry.key));
  const context = { report, defaults, env, hasRules: rules !== undefined, isForRequests };
  const places = new Map(jobs.map(({ entry }) => [ids.get(entry.key) ?? "", entry.keySpan]));
  const converted = new Map<string, JobDraft>();
  for (const job of jobs) {
    const draft = convertJob(job.entry, job.map, job.stage, context);
    if (draft === null) continue;
    const id = ids.get(job.entry.key) ?? "";
    const name = id === job.entry.key ? undefined : job.entry.key;
    converted.set(id, { name, ...draft, needs: needsOf(job, jobs, stages, ids, report) });
  }
  return {
    name: name === null || name.includes("$") ? undefined : name.slice(0, 100),
    on: isForRequests ? ["push", "pull_request", "manual", "api"] : ["push", "manual", "api"],
    rules,
    inputs: undefined,
    env,
    defaults: undefined,
    jobs: withKnownNeeds(withArtifacts(converted), (id) => places.get(id) ?? root.span, report),
  };
}

function defaultsOf(root: YamlMap, reader: KeyReader): YamlMap {
  const own = mapOf(reader.take("default")?.value);
  const old = OLD_DEFAULTS.flatMap((key) => {
    const entry = entryOf(root, key);
    return entry === null ? [] : [[key, entry] as const];
  });
  return { ...root, entries: new Map([...old, ...(own?.entries ?? [])]) };
}

function writtenJobs(root: YamlMap, stages: readonly string[], report: Report): readonly WrittenJob[] {
  const jobs = [...root.entries.values()].filter(({ key }) => !GLOBAL.includes(key) && !key.startsWith("."));
  return jobs.flatMap((entry) => {
    const own = mapOf(entry.value);
    if (own === null) {
      leftOut(
        report,
        entry.keySpan,
        `${quote(entry.key)} is neither a job nor a key that is known, and was left out`,
      );
      return [];
    }
    const map = extended(own, root.entries, report);
    const stage = scalarText(entryOf(map, "stage")?.value) ?? "test";
    if (!stages.includes(stage))
      changed(
        report,
        entry.keySpan,
        `${quote(entry.key)} is in the stage ${quote(stage)}, which is not in \`stages\`; it waits for nothing`,
      );
    return [{ entry, map, stage }];
  });
}

/** Jobs without `needs` wait for the jobs of the nearest stage before theirs that has any. */
function needsOf(
  job: WrittenJob,
  jobs: readonly WrittenJob[],
  stages: readonly string[],
  ids: ReadonlyMap<string, string>,
  report: Report,
): readonly NeedDraft[] {
  const needs = entryOf(job.map, "needs");
  const named = entryOf(job.map, "dependencies");
  const isTaken = (name: string): boolean => named === null || scalarTexts(named.value).includes(name);
  const when = scalarText(entryOf(job.map, "when")?.value) === "always" ? ("done" as const) : undefined;
  if (needs !== null)
    return itemsOf(needs.value).flatMap((item) => {
      const map = mapOf(item);
      const reader = map === null ? null : new KeyReader(map, report);
      const name = scalarText(reader === null ? item : reader.node("job"));
      const optional = scalarText(reader?.node("optional")) === "true" ? (true as const) : undefined;
      const isWithout = scalarText(reader?.node("artifacts")) === "false";
      reader?.finish("a need", {
        pipeline: "reads another pipeline",
        project: "reads another project",
      });
      const id = name === null ? undefined : ids.get(name);
      if (id === undefined) {
        leftOut(report, item.span, "This need is no job of this file and was left out");
        return [];
      }
      return [{ job: id, when, optional, artifacts: isWithout || !isTaken(name ?? "") ? [] : undefined }];
    });
  const order = stages.length === 2 ? STAGES_DEFAULT : stages;
  const before = order.slice(0, Math.max(0, order.indexOf(job.stage))).toReversed();
  const near = before.find((stage) => jobs.some((other) => other.stage === stage));
  return jobs
    .filter(
      ({ entry, stage, map }) =>
        stage === near || (before.includes(stage) && keepsFiles(map) && isTaken(entry.key)),
    )
    .map(({ entry }) => ({
      job: ids.get(entry.key) ?? "",
      when,
      artifacts: isTaken(entry.key) ? undefined : [],
    }));
}

/** Jobs of all stages before hand their files on, not only those of the nearest one. */
function keepsFiles(map: YamlMap): boolean {
  return entryOf(mapOf(entryOf(map, "artifacts")?.value), "paths") !== null;
}

/** Each need with the artifacts that its job keeps; an empty list has been asked for and stays. */
function withArtifacts(jobs: ReadonlyMap<string, JobDraft>): ReadonlyMap<string, JobDraft> {
  const filled = (need: NeedDraft): NeedDraft => {
    const kept = (jobs.get(need.job)?.artifacts ?? []).filter(({ type }) => type === undefined);
    return need.artifacts === undefined && need.when === undefined
      ? { ...need, artifacts: kept.map(({ name }) => name) }
      : need;
  };
  return new Map(Array.from(jobs, ([id, job]) => [id, { ...job, needs: job.needs?.map(filled) }]));
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

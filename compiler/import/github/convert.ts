import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlMap } from "../../yaml/nodes.ts";
import type { JobDraft, PipelineDraft } from "../emit.ts";
import { jobIds } from "../job-ids.ts";
import { withKnownNeeds } from "../known-needs.ts";
import { KeyReader, scalarText } from "../reader.ts";
import { convertJob } from "./job.ts";
import { convertEnv } from "./texts.ts";
import { convertTriggers } from "./triggers.ts";

/** What a job may take there when it names no time. */
const TIMEOUT_DEFAULT = "6h";

export function convertGithub(root: YamlMap, report: Report): PipelineDraft {
  const reader = new KeyReader(root, report);
  const { on, inputs } = convertTriggers(reader.take("on"), report);
  const names = new Set(Object.keys(inputs));
  const env = convertEnv(reader.node("env"), { inputs: names, axes: new Set() }, report);
  const defaults = reader.map("defaults");
  const run = defaults?.map("run") ?? null;
  const shell = scalarText(run?.node("shell"));
  const workdir = scalarText(run?.node("working-directory"));
  run?.finish("`defaults.run`");
  defaults?.finish("`defaults`");
  const entries = [...(mapOf(reader.node("jobs"))?.entries.values() ?? [])];
  const ids = jobIds(entries.map(({ key }) => key));
  const places = new Map(entries.map(({ key, keySpan }) => [ids.get(key) ?? "", keySpan]));
  const jobs = new Map<string, JobDraft>();
  for (const entry of entries) {
    const job = convertJob(entry, { report, inputs: names, ids, shell, workdir });
    if (job !== null) jobs.set(ids.get(entry.key) ?? "", job);
  }
  const name = scalarText(reader.node("name"));
  reader.finish("the workflow", {
    concurrency: "is not supported yet",
    permissions: "is about a token that jobs are never given",
    "run-name": "has no counterpart",
  });
  return {
    name: name === null || name === "" ? undefined : name.slice(0, 100),
    on,
    rules: undefined,
    inputs,
    env,
    defaults: { timeout: TIMEOUT_DEFAULT },
    jobs: withKnownNeeds(jobs, (id) => places.get(id) ?? root.span, report),
  };
}

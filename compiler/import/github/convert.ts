import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import { type JobDraft, literal, NEVER, type PipelineDraft } from "../emit.ts";
import type { Reading } from "../files.ts";
import { jobIds } from "../job-ids.ts";
import { withKnownNeeds, type WrittenJobs } from "../known-needs.ts";
import type { Outcomes } from "../outcome.ts";
import { KeyReader, leftOut, scalarText } from "../reader.ts";
import type { Conversion } from "../write-pipeline.ts";
import type { Scope } from "./expression.ts";
import type { Known } from "./known.ts";
import { knownInputs } from "./inputs.ts";
import { convertJob, isEnded } from "./job.ts";
import { concurrencyOf, tellPermissions } from "./parts.ts";
import { convertEnvironment } from "./texts.ts";
import { convertTriggers } from "./triggers.ts";
import { fixedEnv } from "./fixed-env.ts";
import { JobSources } from "./workflow.ts";

/** What a job may take there when it names no time. */
const TIMEOUT_DEFAULT = "6h";

export function convertGithub(root: YamlMap, outcomes: Outcomes, reading: Reading): Conversion {
  const report = outcomes.file;
  const reader = new KeyReader(root, report);
  const { on, inputs, rules, isNever } = convertTriggers(reader.take("on"), report);
  const written = reader.take("env");
  const name = scalarText(reader.node("name"));
  const base = fixedNames(reading.repository, name);
  const scope: Scope = {
    inputs: new Set(Object.keys(inputs)),
    axes: new Set(),
    known: new Map([...base, ...knownInputs(inputs), ...fixedEnv(written)]),
  };
  const names = new Set(mapOf(written?.value)?.entries.keys() ?? []);
  const late = { steps: new Set<string>(), needs: new Map(), env: new Set<string>() };
  const env = convertEnvironment(written?.value, scope, report, late);
  for (const variable of Object.keys(env.secrets))
    if (written !== null)
      leftOut(
        report,
        written.keySpan,
        `Secrets belong to jobs: write \`${variable}\` under \`secrets\` of those that read it`,
      );
  const run = runDefaults(reader);
  const sources = new JobSources(reading, outcomes);
  sources.add(mapOf(reader.node("jobs")), { scope, envNames: names, ...run, env: null });
  const concurrency = concurrencyOf(reader.take("concurrency"), scope, report);
  tellPermissions(reader.take("permissions"), report);
  reader.take("run-name");
  reader.finish("the workflow");
  const { jobs: converted, writtenOf } = convertJobs(sources, reading, outcomes);
  if (isNever) outcomes.leaveAll();
  const jobs = new Map(
    Array.from(converted, ([id, job]) =>
      isEnded(job.environment, concurrency) ? [id, { ...job, interruptible: true }] : [id, job],
    ),
  );
  const draft: PipelineDraft = {
    name: name === null || name === "" ? undefined : name.slice(0, 100),
    on,
    rules,
    inputs,
    env: env.env,
    concurrency,
    defaults: { timeout: TIMEOUT_DEFAULT },
    jobs,
  };
  const ofWorkflow = (key: string): YamlEntry | null => root.entries.get(key) ?? null;
  const ofOn = ofWorkflow("on");
  const madeOf = {
    name: ofWorkflow("name"),
    on: ofOn,
    rules: ofOn,
    inputs: ofOn,
    env: written,
    concurrency: ofWorkflow("concurrency"),
  };
  return { draft, writtenOf, madeOf };
}

function convertJobs(
  sources: JobSources,
  reading: Reading,
  outcomes: Outcomes,
): { readonly jobs: ReadonlyMap<string, JobDraft>; readonly writtenOf: WrittenJobs } {
  const ids = jobIds(sources.found.map((source) => source.name));
  const jobs = new Map<string, JobDraft>();
  const written = new Map<string, { readonly entry: YamlEntry; readonly report: Report }>();
  const machines = new Set<string>();
  const running = new Set<Report>();
  for (const source of sources.found) {
    const id = ids.get(source.name) ?? "";
    written.set(id, source);
    const job = convertJob(source, { sources, ids, reading, file: outcomes.file, machines });
    if (job !== null && job.if !== NEVER) running.add(source.report);
    if (job !== null) jobs.set(id, job);
  }
  // Of a job that became several, some may run.
  for (const { report } of sources.found) if (!running.has(report)) outcomes.leave(report);
  const writtenOf: WrittenJobs = (id) => written.get(id) ?? null;
  return { jobs: withKnownNeeds(withKeptArtifacts(jobs, written), writtenOf, outcomes), writtenOf };
}

/** Needs with the artifacts that are there; those that are not are told. */
function withKeptArtifacts(
  jobs: ReadonlyMap<string, JobDraft>,
  written: ReadonlyMap<string, { readonly entry: YamlEntry; readonly report: Report }>,
): ReadonlyMap<string, JobDraft> {
  return new Map(
    Array.from(jobs, ([id, job]) => {
      const needs = job.needs?.map((need) => {
        const kept = new Set((jobs.get(need.job)?.artifacts ?? []).map(({ name }) => name));
        const lost = need.artifacts?.find((name) => !kept.has(name));
        const own = written.get(id);
        if (lost !== undefined && own !== undefined)
          leftOut(
            own.report,
            own.entry.keySpan,
            `The artifact ${quote(lost)} of \`${need.job}\` was left out, so this job does not get it`,
          );
        return { ...need, artifacts: need.artifacts?.filter((name) => kept.has(name)) };
      });
      return [id, { ...job, needs }];
    }),
  );
}

function runDefaults(reader: KeyReader) {
  const defaults = reader.map("defaults");
  const run = defaults?.map("run") ?? null;
  const shell = scalarText(run?.node("shell"));
  const workdir = scalarText(run?.node("working-directory"));
  run?.finish("`defaults.run`");
  defaults?.finish("`defaults`");
  return { shell, workdir };
}

/** Names whose text is known before anything runs. */
function fixedNames(repository: string | null, workflow: string | null): ReadonlyMap<string, Known> {
  const named = {
    "github.workflow": workflow,
    "github.repository": repository,
    "github.repository_owner": repository?.split("/")[0] ?? null,
    "github.event.repository.full_name": repository,
    "github.event.repository.name": repository?.split("/")[1] ?? null,
    "github.event.repository.fork": repository === null ? null : "",
  };
  return new Map(
    Object.entries(named).flatMap(([path, text]): [string, Known][] =>
      text === null ? [] : [[path, { text: literal(text), type: "string", fixed: text }]],
    ),
  );
}

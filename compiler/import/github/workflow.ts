import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import { literal } from "../emit.ts";
import { ownPath, type Reading } from "../files.ts";
import type { Outcomes } from "../outcome.ts";
import { KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { type ConvertedCondition, convertCondition } from "./condition.ts";
import type { Scope } from "./expression.ts";
import type { Known } from "./known.ts";
import { type MachinePart, machineParts } from "./machine-parts.ts";
import { type NeededJob, writingSteps } from "./late.ts";
import { tellPermissions } from "./parts.ts";
import { fixedEnv } from "./fixed-env.ts";
import { convertText } from "./texts.ts";

/** What jobs of one workflow file share. */
export interface WorkflowScope {
  readonly scope: Scope;
  readonly envNames: ReadonlySet<string>;
  /** `defaults.run` of the workflow. */
  readonly shell: string | null;
  readonly workdir: string | null;
  /** `env` of a workflow that was called; that of the file itself is the pipeline's. */
  readonly env: YamlEntry | null;
}

/** One job to convert, of the file or of a workflow that it calls. */
export interface JobSource {
  /** `caller/job` for one of a called workflow. */
  readonly name: string;
  /** `caller/`, or nothing for one of the file. */
  readonly prefix: string;
  readonly entry: YamlEntry;
  readonly map: YamlMap;
  readonly report: Report;
  readonly workflow: WorkflowScope;
  /** Jobs that it needs, as they are named in its own file, with the sources that these are. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** The cells that it is, where others of its matrix run on another kind of machine. */
  readonly part: MachinePart | null;
  /** Conditions of the callers. */
  readonly conditions: readonly ConvertedCondition[];
}

/** Workflows inside each other; GitHub calls no deeper either. */
const CALLS_MAX = 4;

/** Jobs of the workflow, with those of the workflows beside it that it calls. */
export class JobSources {
  readonly #reading: Reading;
  readonly #outcomes: Outcomes;
  readonly found: JobSource[] = [];
  /** Called jobs' outputs, by caller: the job that makes each, and its name there. */
  readonly #outputs = new Map<string, ReadonlyMap<string, readonly [string, string]>>();

  #byName: ReadonlyMap<string, JobSource> | null = null;

  constructor(reading: Reading, outcomes: Outcomes) {
    this.#reading = reading;
    this.#outcomes = outcomes;
  }

  add(jobs: YamlMap | null, workflow: WorkflowScope): void {
    this.#add(jobs, workflow, "", [], [], 0);
  }

  #add(
    jobs: YamlMap | null,
    workflow: WorkflowScope,
    prefix: string,
    before: readonly string[],
    conditions: readonly ConvertedCondition[],
    depth: number,
  ): readonly string[] {
    const all: string[] = [];
    const parts = new Map<string, readonly string[]>();
    const needsOf = (map: YamlMap): readonly string[] => scalarTexts(map.entries.get("needs")?.value ?? null);
    for (const entry of inOrder([...(jobs?.entries.values() ?? [])])) {
      const map = mapOf(entry.value);
      const name = `${prefix}${entry.key}`;
      const report = this.#outcomes.job(name, entry.keySpan);
      if (map === null) {
        leftOut(report, entry.keySpan, `The job ${quote(entry.key)} is no map and was left out`);
        this.#outcomes.leave(report);
        continue;
      }
      const wanted = new Map(needsOf(map).map((need) => [need, parts.get(need) ?? [`${prefix}${need}`]]));
      const needs = wanted.size > 0 ? wanted : new Map(before.length === 0 ? [] : [["", before]]);
      const source = { name, prefix, entry, map, report, workflow, needs, conditions, part: null };
      const called = map.entries.has("uses") ? this.#called(source, depth) : null;
      const own = called === null ? byMachine(source) : [];
      this.found.push(...own);
      const names = called ?? own.map((one) => one.name);
      parts.set(entry.key, names);
      all.push(...names);
    }
    return all;
  }

  /** The names of the jobs that stand in the place of this one; null when it calls nothing that is beside the file. */
  #called(source: JobSource, depth: number): readonly string[] | null {
    const { map, report, entry } = source;
    const uses = map.entries.get("uses");
    const written = scalarText(uses?.value) ?? "";
    const path = depth < CALLS_MAX ? ownPath(written) : null;
    const root = path === null ? null : this.#reading.parse(path, report);
    if (root === null || map.entries.has("strategy")) return null;
    const reader = new KeyReader(map, report);
    const { scope } = source.workflow;
    const asked = convertCondition(reader.take("if"), { scope, report });
    const given = reader.map("with");
    for (const key of ["uses", "needs", "name"]) reader.take(key);
    tellPermissions(reader.take("permissions"), report);
    for (const group of [reader.take("concurrency"), root.entries.get("concurrency") ?? null])
      if (group !== null)
        leftOut(
          report,
          group.keySpan,
          "The `concurrency` of a call is that of no job here; write it on those that need it",
        );
    const secrets = reader.take("secrets");
    if (secrets !== null && !passesOn(secrets))
      leftOut(
        report,
        secrets.keySpan,
        "Secrets are given other names here; keep them under the names that the called workflow reads",
      );
    reader.finish("a call");
    const call = mapOf(mapOf(root.entries.get("on")?.value)?.entries.get("workflow_call")?.value);
    const inputs = callInputs(call, given, scope, report);
    given?.finish("a call");
    const workflow = calledScope(root, scope, inputs);
    const conditions = [...source.conditions, asked ?? NEVER_ASKED];
    const before = [...new Set([...source.needs.values()].flat())];
    this.#outputs.set(source.name, callOutputs(call, `${source.name}/`));
    if (report.settle().length === 0) this.#outcomes.forget(report);
    const jobs = mapOf(root.entries.get("jobs")?.value);
    const names = this.#add(jobs, workflow, `${source.name}/`, before, conditions, depth + 1);
    return names.length > 0 ? names : [entry.key];
  }

  /** What a job may read of those that it needs. */
  needed(source: JobSource, ids: ReadonlyMap<string, string>): ReadonlyMap<string, NeededJob> {
    this.#byName ??= new Map(this.found.map((one) => [one.name, one]));
    const byName = this.#byName;
    const { prefix } = source;
    return new Map(
      [...source.needs].map(([need, names]): [string, NeededJob] => {
        const called = this.#outputs.get(`${prefix}${need}`);
        if (called === undefined) {
          const one = byName.get(names[0] ?? "");
          const own = ids.get(names[0] ?? "") ?? null;
          const outputs = jobOutputs(one);
          const id = one === undefined || one.map.entries.has("strategy") ? null : own;
          return [
            need,
            { id, outputs: new Map([...outputs.keys()].map((name) => [name, `${id}.outputs.${name}`])) },
          ];
        }
        const outputs = [...called].flatMap(([name, [job, output]]): [string, string][] =>
          jobOutputs(byName.get(job)).has(output) ? [[name, `${ids.get(job) ?? ""}.outputs.${output}`]] : [],
        );
        return [need, { id: null, outputs: new Map(outputs) }];
      }),
    );
  }
}

/** The job, or one for each kind of machine that its matrix ranges over. */
function byMachine(source: JobSource): readonly JobSource[] {
  const parts = machineParts(source.map, source.workflow.scope);
  if (parts.length < 2) return [source];
  return parts.map((part) => ({ ...source, name: `${source.name}-${part.name}`, part }));
}

const NEVER_ASKED: ConvertedCondition = { condition: "false", always: false, succeeded: new Set() };

/** Jobs after those that they need, so that what a call becomes is known to those that need it. */
function inOrder(entries: readonly YamlEntry[]): readonly YamlEntry[] {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const done = new Set<YamlEntry>();
  const visit = (entry: YamlEntry, chain: ReadonlySet<YamlEntry>): void => {
    if (done.has(entry) || chain.has(entry)) return;
    const needs = scalarTexts(mapOf(entry.value)?.entries.get("needs")?.value ?? null);
    for (const need of needs) {
      const other = byKey.get(need);
      if (other !== undefined) visit(other, new Set([...chain, entry]));
    }
    done.add(entry);
  };
  for (const entry of entries) visit(entry, new Set());
  return [...done];
}

/** Whether secrets keep their names. */
function passesOn({ value }: YamlEntry): boolean {
  if (scalarText(value) === "inherit") return true;
  const entries = [...(mapOf(value)?.entries.values() ?? [])];
  return entries.every(
    ({ key, value: given }) => scalarText(given)?.replace(/\s/g, "") === `\${{secrets.${key}}}`,
  );
}

function callInputs(
  call: YamlMap | null,
  given: KeyReader | null,
  scope: Scope,
  report: Report,
): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  for (const { key, value } of mapOf(call?.entries.get("inputs")?.value)?.entries.values() ?? []) {
    const entry = given?.take(key) ?? null;
    const declared = mapOf(value);
    const word = scalarText(declared?.entries.get("type")?.value);
    const type = word === "boolean" || word === "number" ? word : "string";
    const standard =
      scalarText(declared?.entries.get("default")?.value) ??
      { string: "", number: "0", boolean: "false" }[type];
    const text =
      entry === null ? standard : convertText(scalarText(entry.value) ?? "", entry.value.span, scope, report);
    if (text === null) continue;
    const alone = /^\$\{\{ ((?:(?!\}\}).)*) \}\}$/.exec(text)?.[1];
    if (alone !== undefined)
      known.set(`inputs.${key}`, { text: alone, type: type === "string" ? "any" : type });
    else if (!text.includes("${{"))
      known.set(`inputs.${key}`, { text: type === "string" ? literal(text) : text, type, fixed: text });
  }
  return known;
}

/** What a called workflow shares: nothing of its caller but the repository. */
function calledScope(root: YamlMap, caller: Scope, inputs: ReadonlyMap<string, Known>): WorkflowScope {
  const passed = [...(caller.known ?? [])].filter(([path]) => path.startsWith("github."));
  const run = mapOf(mapOf(root.entries.get("defaults")?.value)?.entries.get("run")?.value);
  const env = root.entries.get("env") ?? null;
  const fixed = fixedEnv(env);
  return {
    scope: { inputs: new Set(), axes: new Set(), known: new Map([...passed, ...inputs, ...fixed]) },
    envNames: new Set(mapOf(env?.value)?.entries.keys() ?? []),
    shell: scalarText(run?.entries.get("shell")?.value),
    workdir: scalarText(run?.entries.get("working-directory")?.value),
    env,
  };
}

/** Outputs of the call, as job and output of the called workflow. */
function callOutputs(call: YamlMap | null, prefix: string): ReadonlyMap<string, readonly [string, string]> {
  const entries = [...(mapOf(call?.entries.get("outputs")?.value)?.entries.values() ?? [])];
  return new Map(
    entries.flatMap(({ key, value }): [string, readonly [string, string]][] => {
      const text = scalarText(mapOf(value)?.entries.get("value")?.value) ?? "";
      const [, job, output] = /^\s*\$\{\{\s*jobs\.([\w-]+)\.outputs\.([\w-]+)\s*\}\}\s*$/.exec(text) ?? [];
      return job === undefined || output === undefined ? [] : [[key, [`${prefix}${job}`, output]]];
    }),
  );
}

/** Outputs that a job hands on, each with the step and the name that it is made of. */
export function jobOutputs(source: JobSource | undefined): ReadonlyMap<string, readonly [string, string]> {
  const writing = writingSteps(source?.map.entries.get("steps")?.value);
  const entries = source?.map.entries.has("strategy")
    ? []
    : [...(mapOf(source?.map.entries.get("outputs")?.value)?.entries.values() ?? [])];
  return new Map(
    entries.flatMap(({ key, value }): [string, readonly [string, string]][] => {
      const [, step, output] =
        /^\s*\$\{\{\s*steps\.([\w-]+)\.outputs\.([\w-]+)\s*\}\}\s*$/.exec(scalarText(value) ?? "") ?? [];
      return step === undefined ||
        output === undefined ||
        !writing.has(step) ||
        !/^[A-Za-z_][\w-]{0,62}$/.test(key)
        ? []
        : [[key, [step, output]]];
    }),
  );
}

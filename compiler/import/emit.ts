import { stringify } from "yaml";
import { displayText } from "../diagnostics/quote.ts";
import { sharingAlike } from "./share-values.ts";

/** A pipeline as plain values, keys in the order to be written. Absent things are undefined. */
export interface PipelineDraft {
  readonly name: string | undefined;
  readonly on: unknown;
  readonly rules: readonly RuleDraft[] | undefined;
  readonly inputs: Readonly<Record<string, unknown>> | undefined;
  readonly vars?: Env | undefined;
  readonly env: Env | undefined;
  readonly concurrency?: JobDraft["concurrency"];
  readonly defaults: Readonly<Record<string, unknown>> | undefined;
  readonly jobs: ReadonlyMap<string, JobDraft>;
}

export type Env = Readonly<Record<string, string>>;

export interface RuleDraft {
  readonly if?: string | undefined;
  readonly changes?: readonly string[] | undefined;
  readonly run?: "never" | "manual" | undefined;
  readonly reason?: string | undefined;
  readonly set?: Readonly<Record<string, unknown>> | undefined;
}

export interface StepDraft {
  readonly name?: string | undefined;
  readonly run: string;
  readonly env?: Env | undefined;
  readonly if?: string | undefined;
  readonly timeout?: string | undefined;
  readonly continue_on_error?: true | undefined;
  readonly always?: true | undefined;
}

export interface NeedDraft {
  readonly job: string;
  readonly when?: "done" | "skipped_ok" | undefined;
  readonly optional?: true | undefined;
  readonly artifacts?: readonly string[] | undefined;
}

export interface ServiceDraft {
  readonly image: string;
  readonly env?: Env | undefined;
  readonly command?: readonly string[] | undefined;
  readonly ports?: readonly number[] | undefined;
}

export interface ArtifactDraft {
  readonly name: string;
  readonly path: readonly string[];
  readonly type?: string | undefined;
  readonly when?: string | undefined;
  readonly expire?: string | undefined;
  readonly required?: true;
}

export interface CacheDraft {
  readonly key: string;
  readonly paths: readonly string[];
  readonly restore_keys?: readonly string[] | undefined;
  readonly mode?: "read" | "write" | undefined;
}

/** Keys as in the language, in the order to be written. */
export interface JobDraft {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly shell?: readonly string[] | undefined;
  readonly workdir?: string | undefined;
  readonly needs?: readonly NeedDraft[] | undefined;
  readonly if?: string | undefined;
  readonly changes?: readonly string[] | undefined;
  readonly rules?: readonly RuleDraft[] | undefined;
  readonly env?: Env | undefined;
  readonly matrix?: Readonly<Record<string, unknown>> | undefined;
  readonly parallel?: number | undefined;
  readonly timeout?: string | undefined;
  readonly retry?: unknown;
  readonly allow_failure?: boolean | readonly number[] | undefined;
  readonly runner?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly services?: Readonly<Record<string, ServiceDraft>> | undefined;
  readonly caches?: readonly CacheDraft[] | undefined;
  readonly artifacts?: readonly ArtifactDraft[] | undefined;
  readonly environment?: string | Readonly<Record<string, string>> | undefined;
  readonly concurrency?: string | Readonly<Record<string, unknown>> | undefined;
  readonly interruptible?: boolean | undefined;
  readonly checkout?: false | { readonly depth: number | "full" } | undefined;
  readonly secrets?: Env | undefined;
  readonly id_tokens?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly outputs?: readonly string[] | undefined;
  readonly steps: readonly StepDraft[];
}

/** Keys of a job in the order they are written. */
const JOB_ORDER = [
  "name",
  "image",
  "shell",
  "workdir",
  "needs",
  "if",
  "changes",
  "rules",
  "matrix",
  "parallel",
  "env",
  "timeout",
  "retry",
  "allow_failure",
  "runner",
  "environment",
  "concurrency",
  "interruptible",
  "checkout",
  "secrets",
  "id_tokens",
  "services",
  "caches",
  "steps",
  "artifacts",
  "outputs",
] as const satisfies readonly (keyof JobDraft)[];

/** Keys that are written once when all jobs agree. */
const SHARED = ["image", "shell", "workdir", "retry"] as const satisfies readonly (keyof JobDraft)[];

/** The text of a pipeline file, keys that say nothing left out. With aliases each longer value is written once. */
export function pipelineText(
  draft: PipelineDraft,
  kind: string,
  file: string,
  form: "plain" | "aliases" | "each job whole" = "plain",
): string {
  const shared = form === "each job whole" ? {} : sharedValues([...draft.jobs.values()]);
  const jobs = Object.fromEntries(Array.from(draft.jobs, ([id, job]) => [id, jobValue(job, shared)]));
  const defaults = { ...draft.defaults, ...shared };
  const { name, on, rules, inputs, vars, env, concurrency } = draft;
  const value = {
    ...compact({ version: 1, name, on, rules, inputs, vars, env, concurrency, defaults }),
    jobs,
  };
  const head = `# Converted from ${displayText(file)} (${kind}). Check what was left out before relying on it.\n`;
  const hasAliases = form === "aliases";
  return (
    head +
    stringify(hasAliases ? sharingAlike(value) : value, {
      lineWidth: 0,
      aliasDuplicateObjects: hasAliases,
    })
  );
}

function sharedValues(jobs: readonly JobDraft[]): Readonly<Partial<Record<keyof JobDraft, unknown>>> {
  const [first, ...others] = jobs;
  if (first === undefined || others.length === 0) return {};
  const agreed = SHARED.filter((key) =>
    others.every((job) => JSON.stringify(job[key]) === JSON.stringify(first[key])),
  );
  return Object.fromEntries(agreed.map((key) => [key, first[key]]));
}

function jobValue(job: JobDraft, shared: object): Readonly<Record<string, unknown>> {
  const needs = job.needs?.map((need) => shortest({ ...need }, "job"));
  const steps = job.steps.map((step) => shortest({ ...step }, "run"));
  const ordered = JOB_ORDER.filter((key) => !Object.hasOwn(shared, key)).map(
    (key) => [key, job[key]] as const,
  );
  const services = Object.fromEntries(
    Object.entries(job.services ?? {}).map(([name, service]) => [name, shortest({ ...service }, "image")]),
  );
  const caches = job.caches?.map((cache) => compact({ ...cache }));
  const artifacts = job.artifacts?.map((artifact) => compact({ ...artifact }));
  return compact({ ...Object.fromEntries(ordered), needs, services, caches, steps, artifacts });
}

/** A map of one key as its value alone, where that key is the one meant by it. */
function shortest(map: Readonly<Record<string, unknown>>, key: string): unknown {
  const said = compact(map);
  return Object.keys(said).length === 1 ? said[key] : said;
}

/** Without what is undefined or empty. */
function compact(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isSaid = (item: unknown): boolean =>
    item !== undefined && !(typeof item === "object" && item !== null && Object.keys(item).length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, item]) => isSaid(item)));
}

/** A condition that holds for nothing, for what could not be converted. */
export const NEVER = "false";

/** Texts all of which have to hold; undefined when there is none. */
export function allOf(conditions: readonly (string | null | undefined)[]): string | undefined {
  const said = conditions.filter((one) => one !== null && one !== undefined);
  const [only] = said;
  if (said.includes(NEVER)) return NEVER;
  return said.length <= 1 ? only : said.map((one) => (one.includes("||") ? `(${one})` : one)).join(" && ");
}

/** A text as a literal of an expression. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Text that holds no expression of ours, whatever it looks like. */
export function plainText(text: string): string {
  return text.replaceAll("${{", () => "$${{");
}

import type { Span } from "../../schemas/diagnostic.ts";
import { JOB_TIMEOUT_MS_DEFAULT, QUEUE_TIMEOUT_MS_DEFAULT } from "../../schemas/limits.ts";
import type { NeedCondition } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Template, Type, ValueMap } from "../expressions/index.ts";
import type { PlanLimits } from "../input.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";
import { expandParallel, parallelEnv } from "./expand-parallel.ts";
import type { Templates } from "./extend-job.ts";
import type { InputValues } from "./inputs.ts";
import { type Cell, expandMatrix, instanceKey, matrixType } from "./expand-matrix.ts";
import { folderProblem } from "./folder.ts";
import { jobPlaces } from "./job-places.ts";
import { lowerCondition, lowerRules } from "./lower-condition.ts";
import {
  lowerAllowFailure,
  lowerCancel,
  lowerResources,
  lowerRetry,
  lowerRunner,
  lowerShell,
} from "./lower-runner.ts";
import { componentEnv, lowerForEach, withoutChoice } from "./lower-for-each.ts";
import { lowerParts } from "./lower-parts.ts";
import { lowerSteps, TIMEOUT_BOUNDS } from "./lower-steps.ts";
import { type Lowering, lowerDuration, lowerEnv, lowerTemplate, lowerTemplates } from "./lowering.ts";
import { mergeMaps } from "./merge-maps.ts";
import type { ForEachModel, JobModel, Located } from "./model.ts";
import { booleanOf, entryOf, itemsOf, mapOf, numberOf, textOf, wordOf } from "./read.ts";
import { scopeType } from "./scope.ts";
import { isMisspelt } from "./shape.ts";

/** A need as written, before its job's instances are known. */
export interface WrittenNeed {
  readonly job: Located<string>;
  readonly when: NeedCondition;
  readonly optional: boolean;
  readonly artifacts: readonly Template[];
  readonly everyComponent: boolean;
}

/** A job as written: what its instances share, and its cells. */
export interface JobDraft {
  readonly id: string;
  readonly span: Span;
  readonly needs: readonly WrittenNeed[];
  /** One per instance; a job without a matrix has one without a cell. */
  readonly instances: readonly { readonly key: string; readonly matrix: Cell | null }[];
  readonly shared: Omit<JobModel, "key" | "matrix" | "needs">;
}

/** What jobs inherit from the top of the file. */
export interface JobContext {
  readonly defaults: YamlMap | null;
  readonly templates: Templates;
  readonly env: YamlMap | null;
  readonly vars: ValueMap;
  readonly inputs: InputValues;
  /** The names that a job reads which is one for all: without a matrix and without a component. */
  readonly scope: Type;
  readonly limits: PlanLimits;
  readonly report: Report;
}

export function lowerJob(entry: YamlEntry, context: JobContext): JobDraft | null {
  const written = mapOf(entry.value);
  if (written === null) return null;
  const { report } = context;
  const job = context.templates.extend(context.defaults, written);
  const matrix = entryOf(job, "matrix");
  const parallel = entryOf(job, "parallel");
  const isWhole = matrix === null && parallel === null;
  const cells = expandParallel(matrix && expandMatrix(matrix, report), parallel, report);
  const { vars, inputs } = context;
  const forEach = lowerForEach(job, report);
  const hasComponent = forEach !== null;
  const scope =
    isWhole && !hasComponent
      ? context.scope
      : scopeType({ vars, inputs, matrix: isWhole ? null : matrixType(cells), hasComponent });
  // Without cells every `matrix.x` would be a second finding about the same mistake.
  const isBroken = !isWhole && cells.length === 0;
  const lowering: Lowering = { report, scope: isBroken ? { kind: "any" } : scope };
  const instances = isWhole
    ? [{ key: entry.key, matrix: null }]
    : cells.map((cell) => ({ key: instanceKey(entry.key, cell), matrix: cell }));
  if (entryOf(job, "steps") === null && (report.isFull || !isMisspelt(job, "steps")))
    report.add("DC1102", entry.keySpan, `\`${entry.key}\` has no \`steps\``);
  return {
    id: entry.key,
    span: entry.keySpan,
    needs: itemsOf(entryOf(job, "needs")?.value).flatMap((need) => lowerNeed(need, lowering)),
    instances,
    shared: lowerShared(entry, job, forEach, context, lowering),
  };
}

function lowerShared(
  entry: YamlEntry,
  job: YamlMap,
  forEach: ForEachModel | null,
  context: JobContext,
  lowering: Lowering,
): JobDraft["shared"] {
  const value = (key: string): YamlNode | undefined => entryOf(job, key)?.value;
  const { report } = context;
  const env = mapOf(value("env"));
  const wholeEnv = env ? mergeMaps(context.env, env, report) : context.env;
  const steps = lowerSteps(value("steps"), lowering);
  const asked = forEach === null ? job : withoutChoice(job);
  return {
    id: entry.key,
    span: entry.keySpan,
    places: jobPlaces(job),
    name: lowerTemplate(value("name"), lowering),
    image: lowerTemplate(value("image"), lowering),
    workdir: lowerWorkdir(value("workdir"), lowering),
    shell: lowerShell(value("shell")),
    env: new Map([
      ...parallelEnv(entryOf(job, "parallel")),
      ...componentEnv(forEach),
      ...lowerEnv(wholeEnv, { ...lowering, mayReadNeeds: true }),
    ]),
    steps,
    condition: lowerCondition(asked, lowering),
    forEach,
    component: null,
    rules: lowerRules(asked, lowering),
    timeoutMs: lowerDuration(job, "timeout", TIMEOUT_BOUNDS, report) ?? JOB_TIMEOUT_MS_DEFAULT,
    queueTimeoutMs: lowerDuration(job, "queue_timeout", TIMEOUT_BOUNDS, report) ?? QUEUE_TIMEOUT_MS_DEFAULT,
    retry: lowerRetry(value("retry"), report),
    required: booleanOf(value("required")) ?? true,
    allowFailure: lowerAllowFailure(value("allow_failure")),
    runner: lowerRunner(value("runner")),
    resources: lowerResources(value("resources"), report),
    cancel: lowerCancel(value("cancel"), report),
    priority: numberOf(value("priority")) ?? 0,
    ...lowerParts(job, { env: wholeEnv, steps }, lowering),
  };
}

function lowerWorkdir(node: YamlNode | undefined, lowering: Lowering): Template | null {
  const template = lowerTemplate(node, lowering);
  const [first] = template?.parts ?? [];
  const problem = typeof first === "string" ? folderProblem(first) : null;
  if (template && problem !== null) lowering.report.add("DC1112", template.span, problem);
  return template;
}

const NEED_CONDITIONS = ["success", "done", "skipped_ok"] as const;

/** What a need is of which no more than the job is written. */
const PLAIN_NEED = { when: "success", optional: false, artifacts: [], everyComponent: false } as const;

function lowerNeed(node: YamlNode, lowering: Lowering): readonly WrittenNeed[] {
  if (node.kind === "scalar" && typeof node.value === "string")
    return [{ ...PLAIN_NEED, job: { value: node.value, span: node.span } }];
  const map = mapOf(node);
  const jobNode = map ? entryOf(map, "job")?.value : node;
  const job = textOf(jobNode);
  if (job === null || jobNode === undefined) return [];
  return [
    {
      job: { value: job, span: jobNode.span },
      when: wordOf(entryOf(map, "when")?.value, NEED_CONDITIONS) ?? PLAIN_NEED.when,
      optional: booleanOf(entryOf(map, "optional")?.value) ?? PLAIN_NEED.optional,
      artifacts: lowerTemplates(entryOf(map, "artifacts")?.value, lowering),
      everyComponent: false,
    },
  ];
}

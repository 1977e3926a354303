import type { Component } from "../../schemas/components.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar, NeedCondition, RetryCause } from "../../schemas/plan.ts";
import type { Expression, Template, ValueMap } from "../expressions/ast.ts";
import type { PolicyDocument } from "../policy/model.ts";
import type { ConcurrencyModel, JobParts } from "./model-parts.ts";

/**
 * The pipeline as written, resolved: defaults applied, anchors and templates merged, matrix expanded,
 * needs bound to jobs. Whatever a plan or a diagnostic may point at carries its Span. Nothing here
 * depends on what changed: conditions and templates are kept for whoever knows the change set.
 * Durations are whole milliseconds, sizes whole bytes.
 */
export interface PipelineModel {
  readonly file: string;
  readonly name: string;
  readonly on: TriggersModel;
  /** Rules that decide whether the pipeline runs at all for an event; null when there are none. */
  readonly rules: readonly PipelineRuleModel[] | null;
  readonly vars: ValueMap;
  /** The pipeline's own inputs with their values for this event. */
  readonly inputs: ValueMap;
  readonly components: ComponentsModel;
  readonly changes: ChangesModel;
  /** What the repository asks of its own runs and jobs. */
  readonly policies: PolicyDocument;
  readonly concurrency: ConcurrencyModel | null;
  /** Every job after matrix expansion, in the order written. */
  readonly jobs: readonly JobModel[];
}

export interface Located<Value> {
  readonly value: Value;
  readonly span: Span;
}

/** Globs as written, a leading `!` takes away again. `span` is the key they were written under. */
export interface GlobList {
  readonly globs: readonly Located<string>[];
  readonly span: Span;
}

/** Which events start the pipeline. Null means that kind of event does not. */
export interface TriggersModel {
  /** The `on` key, or the whole file when it is absent and the default holds. */
  readonly span: Span;
  readonly push: PushTrigger | null;
  readonly pullRequest: PullRequestTrigger | null;
  readonly manual: Located<true> | null;
  readonly api: Located<true> | null;
  readonly schedule: readonly ScheduleTrigger[];
}

/** A null list sets no bound. With only `tags` written no branch starts it, and the other way round. */
export interface PushTrigger {
  readonly span: Span;
  readonly branches: GlobList | null;
  readonly tags: GlobList | null;
  readonly paths: GlobList | null;
}

export interface PullRequestTrigger {
  readonly span: Span;
  /** The forge's actions; null stands for opened, synchronize and reopened. */
  readonly types: readonly Located<string>[] | null;
  /** Globs on the target branch. */
  readonly targets: GlobList | null;
  /** Whether pull requests from forks start it. */
  readonly forks: boolean;
}

export interface ScheduleTrigger {
  readonly cron: Located<string>;
  /** IANA name; `UTC` when absent. */
  readonly timezone: string;
  /** Null means the default branch. */
  readonly ref: string | null;
}

export interface ComponentsModel {
  /** In the order written. */
  readonly declared: readonly DeclaredComponent[];
  /** Ecosystems to discover; null means all of them. */
  readonly discover: readonly Located<string>[] | null;
  readonly unowned: UnownedModel;
  /** Paths that affect every component. */
  readonly globalInputs: GlobList | null;
}

export interface DeclaredComponent {
  readonly id: Located<string>;
  /** Folder relative to the repository, `.` for its root; checked to stay inside. */
  readonly root: Located<string>;
  /** Extra paths, from the repository's root, that belong to it. */
  readonly inputs: GlobList | null;
  readonly dependsOn: readonly Located<string>[];
  /** What its build writes, from the repository's root. */
  readonly outputs: GlobList | null;
}

/** What a changed path that no component owns means. */
export interface UnownedModel {
  readonly span: Span | null;
  readonly rule: "all" | "error" | "components";
  /** Ids, for rule `components`. */
  readonly components: readonly Located<string>[];
}

export interface ChangesModel {
  /** `auto`, `merge_base`, `last_green`, or a ref. */
  readonly base: Located<string> | null;
  /** Changed paths that count for nothing. */
  readonly ignore: GlobList | null;
}

export interface ConditionModel {
  /** The whole condition as one place. */
  readonly span: Span;
  readonly if: IfModel | null;
  /** Holds when a changed path matches. `if` must hold as well when both are written. */
  readonly changes: GlobList | null;
  /** Holds when one of these components is affected. With `changes` written too, either is enough. */
  readonly components: { readonly ids: readonly Located<string>[]; readonly span: Span } | null;
}

export interface IfModel {
  readonly expression: Expression;
  readonly source: string;
  readonly span: Span;
}

/** One entry of `rules`; the first whose condition holds decides. */
export interface RuleModel {
  readonly condition: ConditionModel;
  /** manual: the job is part of the plan and waits until a person starts it. */
  readonly run: Located<"auto" | "manual" | "never">;
  readonly reason: string | null;
  /** What holds for the job when this rule decides. */
  readonly set: RuleSet | null;
}

/** A rule of the pipeline itself: it sets no keys of a job, but values of `vars`. */
export interface PipelineRuleModel extends RuleModel {
  /** Each declared under `vars`, with a value of the same type. */
  readonly vars: ValueMap;
}

/** Values of a job, in place of its own. */
export type RuleValues = Partial<
  Pick<
    JobModel,
    "timeoutMs" | "queueTimeoutMs" | "priority" | "required" | "allowFailure" | "retry" | "interruptible"
  >
>;

export interface RuleSet {
  readonly values: RuleValues;
  /** Merged over the job's. */
  readonly env: ReadonlyMap<string, Template>;
  /** Every key that is set, `env.NAME` for a variable, where its value is written. */
  readonly keys: readonly Located<string>[];
}

export interface NeedModel {
  /** The job id as written. */
  readonly job: Located<string>;
  /** Keys of that job's instances, in the pipeline's order. Empty when `optional` and not there. */
  readonly keys: readonly string[];
  readonly when: NeedCondition;
  readonly optional: boolean;
  /** Names of artifacts to have in the workspace. */
  readonly artifacts: readonly Template[];
  /** Under `finally`: every instance is waited for, also those of other components. */
  readonly everyComponent: boolean;
}

/** `for_each: affected`: one instance for each affected component. */
export interface ForEachModel {
  readonly span: Span;
  /** Ids, roots and globs that narrow the components; null means all of them. */
  readonly components: GlobList | null;
}

export interface StepModel {
  /** Null when none is written; the command's first line stands for it. */
  readonly name: Template | null;
  readonly run: Template;
  readonly env: ReadonlyMap<string, Template>;
  /** Decided at plan time; a step whose `if` is false is not part of the plan. */
  readonly if: IfModel | null;
  readonly timeoutMs: number | null;
  readonly continueOnError: boolean;
  readonly always: boolean;
  readonly span: Span;
}

/** One job, one cell of a job's matrix, or, when what changed is known, either of them for one component. */
export interface JobModel extends JobParts {
  /** The id, with matrix values and component in brackets, sorted by name: `test[component=web,node=24]`. */
  readonly key: string;
  readonly id: string;
  /** The id where the job is written. */
  readonly span: Span;
  /** Where it says what policies are about: by key, such as `timeout` and `resources.memory`. */
  readonly places: ReadonlyMap<string, Span>;
  readonly name: Template | null;
  /** Values of this cell by axis; null without a matrix. */
  readonly matrix: ReadonlyMap<string, JsonScalar> | null;
  readonly forEach: ForEachModel | null;
  /** The component of this instance; null in the job as written, and without `for_each`. */
  readonly component: Pick<Component, "id" | "root" | "kind"> | null;
  readonly image: Template | null;
  readonly workdir: Template | null;
  readonly shell: readonly string[];
  /** Pipeline, defaults and job merged; the step's own are in the step. */
  readonly env: ReadonlyMap<string, Template>;
  readonly steps: readonly StepModel[];
  readonly needs: readonly NeedModel[];
  /** The short form `if`/`changes`/`components`; null when the job has no condition. */
  readonly condition: ConditionModel | null;
  /** The long form; never together with `condition`. */
  readonly rules: readonly RuleModel[] | null;
  readonly timeoutMs: number;
  readonly queueTimeoutMs: number;
  readonly retry: {
    /** How many further attempts. */
    readonly max: number;
    readonly on: readonly RetryCause[];
    readonly delayMs: number;
  };
  readonly required: boolean;
  readonly allowFailure: boolean | readonly number[];
  readonly runner: {
    readonly pool: string;
    readonly os: string;
    readonly arch: string | null;
    readonly isolation: "container" | "vm" | "process" | null;
    /** Sorted, each once. */
    readonly labels: readonly string[];
  };
  readonly resources: {
    readonly cpuMillis: number | null;
    readonly memoryBytes: number | null;
    readonly diskBytes: number | null;
    readonly pids: number | null;
  };
  readonly cancel: { readonly signal: "SIGTERM" | "SIGINT"; readonly graceMs: number };
  readonly priority: number;
  /** May be ended once started when a newer run takes its place. */
  readonly interruptible: boolean;
}

import { JOB_TIMEOUT_MS_DEFAULT, QUEUE_TIMEOUT_MS_DEFAULT } from "../../schemas/limits.ts";
import type { PlanJob, PlanLimits } from "../../schemas/plan.ts";
import { entryOf, mapOf } from "../language/read.ts";
import type { EffectivePolicy } from "../policy/effective.ts";
import type { Bound } from "../policy/model.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import type { Cause } from "./tell.ts";
import { valueOfEntry } from "./written.ts";

/** The times of a job that a ceiling lowers where nobody wrote them, with what they are without one. */
const JOB_TIMES = {
  timeout_ms: { ceiling: "timeoutMs", usual: JOB_TIMEOUT_MS_DEFAULT },
  queue_timeout_ms: { ceiling: "queueTimeoutMs", usual: QUEUE_TIMEOUT_MS_DEFAULT },
} as const satisfies Partial<Record<keyof PlanJob, object>>;

/** Names the policy, of the repository or of the operators, that set a value. */
export class BoundReader {
  readonly #policy: EffectivePolicy;
  /** What the repository's own `policies` say. */
  readonly #entries: readonly YamlEntry[];

  constructor(root: YamlMap, policy: EffectivePolicy) {
    const policies = mapOf(entryOf(root, "policies")?.value);
    this.#policy = policy;
    this.#entries = ["runs", "jobs"].flatMap((part) => [
      ...(mapOf(entryOf(policies, part)?.value)?.entries.values() ?? []),
    ]);
  }

  /** Null when no policy speaks of it. */
  ofRun(field: keyof PlanLimits): Cause | null {
    const bound = this.#policy.limitBounds()[field];
    return bound && this.#cause(bound);
  }

  /** For a time that no job, template or default of the pipeline says; null when it is as long as usual. */
  ofJobTime(field: keyof typeof JOB_TIMES): Cause | null {
    const { ceiling, usual } = JOB_TIMES[field];
    const bound = this.#policy.ceiling(ceiling);
    if (bound === null || bound.value >= usual) return null;
    return { ...this.#cause(bound), note: "a ceiling below the default of Delta CI" };
  }

  #cause({ from }: Bound<unknown>): Cause {
    if (from.by === "operators") return { written: null, setBy: "operators", place: from.place };
    const { file, start } = from.span;
    const entry = this.#entries.find(({ keySpan }) => keySpan.file === file && keySpan.start === start);
    if (entry === undefined) throw new Error(`no policy is written at ${file}:${start}`);
    return { written: valueOfEntry(entry) };
  }
}

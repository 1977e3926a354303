import { createHash } from "node:crypto";
import { canonicalJson } from "../../compiler/plan/canonical-json.ts";
import type { CompiledPlan } from "../../control-plane/lifecycle/index.ts";
import { pushEvent, type PipelineEvent } from "../../schemas/event.ts";
import type { PlanDigest } from "../../schemas/ids.ts";
import type { Decision, Plan, PlanJob } from "../../schemas/plan.ts";

const PLACE = { file: ".delta/pipeline.yaml", line: 1, column: 1 };
export const HEAD = "1".repeat(40);

/** A job of a plan: one step, no needs, required, short deadlines are up to the caller. */
export function testJob(key: string, changes: Partial<PlanJob> = {}): PlanJob {
  return {
    key,
    job: key,
    name: key,
    matrix: null,
    component: null,
    start: "auto",
    image: null,
    workdir: ".",
    shell: ["sh", "-e", "-c"],
    env: {},
    late: [],
    checkout: { depth: 1 },
    steps: [
      {
        name: "step",
        run: "true",
        env: {},
        timeout_ms: null,
        continue_on_error: false,
        always: false,
        place: PLACE,
      },
    ],
    needs: [],
    services: [],
    caches: [],
    artifacts: [],
    outputs: [],
    secrets: [],
    id_tokens: [],
    network: null,
    runner: { pool: "default", os: "linux", arch: null, isolation: null, labels: [] },
    resources: { cpu_millis: null, memory_bytes: null, disk_bytes: null, pids: null },
    required: true,
    allow_failure: false,
    retry: { max: 0, on: [], delay_ms: 0 },
    timeout_ms: 60_000,
    queue_timeout_ms: 60_000,
    no_output_timeout_ms: null,
    interruptible: true,
    priority: 0,
    concurrency: null,
    approval: null,
    environment: null,
    cells: null,
    cancel: { signal: "SIGTERM", grace_ms: 1_000 },
    place: PLACE,
    ...changes,
  };
}

/** The needs of a job, all with the same condition. */
export function needs(
  keys: readonly string[],
  when: "success" | "done" | "skipped_ok" = "success",
): PlanJob["needs"] {
  return keys.map((job) => ({ job, when, artifacts: [], place: PLACE }));
}

/** A decision for a job that the plan leaves out. */
export function leftOut(key: string, outcome: "skipped" | "blocked" = "skipped"): Decision {
  return { ...selected(testJob(key)), outcome, clause: "changes", because: `nothing of ${key} changed` };
}

function selected(job: PlanJob): Decision {
  return {
    key: job.key,
    job: job.job,
    required: job.required,
    outcome: "selected",
    clause: "always",
    because: "it has no condition",
    place: job.place,
    matched: [],
    chain: [],
    expression: null,
    values: [],
    uncertain: [],
    set: [],
  };
}

export function testEvent(changes: Partial<PipelineEvent> = {}): PipelineEvent {
  return pushEvent({ ref: "refs/heads/main", head: HEAD, default_branch: "main", ...changes });
}

/** A plan of these jobs, in the order given: every job after what it needs. */
export function testPlan(
  jobs: readonly PlanJob[],
  options: { readonly leftOut?: readonly Decision[]; readonly limits?: Partial<Plan["limits"]> } = {},
): Plan {
  return {
    version: 1,
    compiler: "test",
    pipeline: { name: "test", file: PLACE.file },
    sources: [],
    event: testEvent(),
    changes: {
      base: null,
      head: HEAD,
      merge_base: null,
      rule: "everything",
      ladder: [],
      total: 0,
      paths: [],
    },
    components: { total: 0, affected: [] },
    uncertain: [],
    limits: {
      max_runtime_ms: null,
      max_concurrency: null,
      budget_ms: null,
      cancel_superseded: false,
      on_failure: "continue",
      ...options.limits,
    },
    concurrency: null,
    policy: null,
    jobs,
    decisions: [...jobs.map(selected), ...(options.leftOut ?? [])],
  };
}

/** The plan as the compiler hands it over. */
export function compiled(plan: Plan): CompiledPlan {
  const canonical = canonicalJson(plan);
  if (canonical === null) throw new Error("the plan has no canonical JSON");
  const digest = `sha256:${createHash("sha256").update(canonical).digest("hex")}` as PlanDigest;
  return { plan, digest, canonical, diagnostics: [] };
}

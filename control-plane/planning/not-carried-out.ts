import type { Place } from "../../schemas/diagnostic.ts";
import type { Plan, PlanJob } from "../../schemas/plan.ts";

/** What the backend that starts the runners can see to. */
export interface BackendAbilities {
  /** It places by labels. */
  readonly labels: boolean;
  /** It can keep a job from the network. */
  readonly network: boolean;
}

/** Something the plan asks for that this server does not do. */
export interface NotCarriedOut {
  /** As the pipeline has it: `services`, `matrix.fail_fast`. */
  readonly key: string;
  /** Id of the job that asks; null for the run as a whole. */
  readonly job: string | null;
  /** Where it is written, as nearly as the plan knows; null: nowhere in particular. */
  readonly place: Place | null;
  /** Null: without it the job would not be what was asked for. Else why the run may go on. */
  readonly harmless: string | null;
}

/**
 * What a plan asks for and this server does not carry out. A key that is silently ignored would be a
 * promise that is silently broken, so a run that needs one is not started. Once for each job as written,
 * not for each of its instances. A key leaves this list in the change that carries it out.
 */
export function notCarriedOut(plan: Plan, backend: BackendAbilities): readonly NotCarriedOut[] {
  const { limits } = plan;
  const ofRun = {
    "policies.runs.budget": limits.budget_ms !== null,
    "policies.runs.on_failure": limits.on_failure !== "continue",
  };
  const found: NotCarriedOut[] = Object.entries(ofRun).flatMap(([key, asked]) =>
    asked ? [{ key, job: null, place: null, harmless: null }] : [],
  );
  const seen = new Set<string>();
  for (const job of plan.jobs) {
    for (const { key, place, harmless } of [...needed(job, backend), ...harmlessly(job, backend)]) {
      const once = `${job.job} ${key} ${place.file}:${place.line}:${place.column}`;
      if (seen.has(once)) continue;
      seen.add(once);
      found.push({ key, job: job.job, place, harmless });
    }
  }
  return found;
}

interface Asked {
  readonly key: string;
  readonly place: Place;
  readonly harmless: string | null;
}

/** Things without a place of their own are told at their job. */
function needed(job: PlanJob, backend: BackendAbilities): readonly Asked[] {
  const asked = (key: string, placed: readonly { readonly place: Place }[]): readonly Asked[] =>
    placed.slice(0, 1).map(({ place }) => ({ key, place, harmless: null }));
  const here = (key: string, isAsked: boolean): readonly Asked[] => asked(key, isAsked ? [job] : []);
  return [
    ...asked("services", job.services),
    ...asked("secrets", job.secrets),
    ...asked("id_tokens", job.id_tokens),
    ...asked("approval", job.approval === null ? [] : [job.approval]),
    ...here("run: manual", job.start === "manual"),
    ...here(`network: ${job.network?.egress}`, job.network !== null && job.network.egress !== "none"),
    ...here("runner.labels", job.runner.labels.length > 0 && !backend.labels),
    ...here("matrix.fail_fast", job.cells?.fail_fast ?? false),
  ];
}

function harmlessly(job: PlanJob, backend: BackendAbilities): readonly Asked[] {
  const slower = "the job runs without them, only slower";
  const [cache] = job.caches;
  return [
    ...(cache === undefined ? [] : [{ key: "caches", place: cache.place, harmless: slower }]),
    ...(job.environment === null
      ? []
      : [{ key: "environment", place: job.place, harmless: "nothing shows it and nothing waits for it" }]),
    ...(job.network?.egress === "none" && !backend.network
      ? [{ key: "network: none", place: job.place, harmless: "its runners can reach what their machine can" }]
      : []),
  ];
}

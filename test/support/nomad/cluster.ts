import type { NomadPool } from "../../../nomad/config.ts";
import type { Dispatcher, Observation } from "../../../schemas/dispatcher.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { withDeadline } from "../deadline.ts";

/** A Nomad to test against, real or fake, reached over HTTP in both cases. */
export interface Cluster {
  readonly address: string;
  /** Everything the node has, in MiB; tests that fill it ask for all of it. */
  readonly memoryMegabytes: number;
  /** Its tasks take 1.5 s to end after they were asked to. */
  readonly stubborn: NomadPool;
  /** Forgets what is dead, as Nomad does by itself after hours. */
  collectGarbage(): Promise<void>;
  /** Appended to the message of a wait that failed. */
  context(): Promise<string>;
}

/** Enough for a loaded machine with two cores; nothing waits this long when all is well. */
const WAIT_MS = 60_000;

export async function untilObserved(
  cluster: Pick<Cluster, "context">,
  dispatcher: Dispatcher,
  attemptId: AttemptId,
  isRight: (observation: Observation) => boolean,
  withinMs = WAIT_MS,
): Promise<Observation> {
  let seen: Observation | null = null;
  await withDeadline(
    `an observation of ${attemptId}`,
    withinMs,
    async () => {
      const all = await dispatcher.observe([attemptId]);
      seen = all.find((one) => one.attemptId === attemptId) ?? null;
      return seen !== null && isRight(seen);
    },
    async () => `last seen: ${JSON.stringify(seen)}\n${await cluster.context()}`,
  );
  if (seen === null) throw new Error("unreachable");
  return seen;
}

export async function untilGone(
  cluster: Pick<Cluster, "context">,
  dispatcher: Dispatcher,
  attemptId: AttemptId,
): Promise<void> {
  let last = "";
  await withDeadline(
    `${attemptId} to be gone`,
    WAIT_MS,
    async () => {
      const result = await dispatcher.stop({ attemptId, graceMs: 1_000 });
      last = JSON.stringify(result);
      return result.status === "gone";
    },
    async () => `last answer: ${last}\n${await cluster.context()}`,
  );
}

/** Allocations that Nomad ever made for jobs of one installation: the number of runners that were started. */
export async function allocationsOf(cluster: Pick<Cluster, "address">, jobName: string): Promise<number> {
  const answer = await fetch(`${cluster.address}/v1/job/${jobName}/allocations?all=true`);
  return answer.ok ? ((await answer.json()) as unknown[]).length : 0;
}

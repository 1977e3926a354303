import type { AttemptId, RepositoryId, RunId } from "../../schemas/ids.ts";

/** An attempt that may be dispatched as soon as there is room. */
export interface Candidate {
  readonly attempt: AttemptId;
  readonly run: RunId;
  readonly repository: RepositoryId;
  readonly pool: string;
  readonly priority: number;
  /** Jobs on the longest way from this one to the end of its run, itself included. */
  readonly remainingPath: number;
  /** Milliseconds since 1970 by the database's clock. */
  readonly queuedAt: number;
  /** Place of its job in the plan. */
  readonly position: number;
}

/** What is in use now and how much may be. Attempts count from their dispatch to their end. */
export interface Capacity {
  /** Most attempts alive in a pool at once; `default` is for pools that are not named. */
  readonly poolCaps: Readonly<Record<string, number>> & { readonly default: number };
  readonly inPool: ReadonlyMap<string, number>;
  /** Most attempts of one run alive at once; runs without a limit are absent. */
  readonly runCaps: ReadonlyMap<RunId, number>;
  readonly inRun: ReadonlyMap<RunId, number>;
  readonly inRepository: ReadonlyMap<RepositoryId, number>;
}

export interface Admission {
  /** In the order in which they are dispatched. */
  readonly admitted: readonly AttemptId[];
  /** Why each of the others waits, in the words that users read. */
  readonly pending: ReadonlyMap<AttemptId, string>;
}

/**
 * Fills the room there is: higher priority first, then the repository that uses least, then the
 * longest way to the end of the run, then whoever waits longest, then the plan's order. Pure: the same
 * input, the same order.
 */
export function admit(candidates: readonly Candidate[], capacity: Capacity): Admission {
  const use = {
    pool: new Map(capacity.inPool),
    run: new Map(capacity.inRun),
    repository: new Map(capacity.inRepository),
  };
  const admitted: AttemptId[] = [];
  const pending = new Map<AttemptId, string>();
  const queues = queuesByRepository(candidates);
  for (
    let queue = nextQueue(queues, use.repository);
    queue !== null;
    queue = nextQueue(queues, use.repository)
  ) {
    const candidate = queue.waiting.pop() as Candidate;
    const why = whyNot(candidate, capacity, use);
    if (why === null) {
      admitted.push(candidate.attempt);
      increase(use.pool, candidate.pool);
      increase(use.run, candidate.run);
      increase(use.repository, candidate.repository);
    } else {
      pending.set(candidate.attempt, why);
    }
  }
  return { admitted, pending };
}

interface Use {
  readonly pool: Map<string, number>;
  readonly run: Map<RunId, number>;
}

function whyNot(candidate: Candidate, capacity: Capacity, use: Use): string | null {
  const runCap = capacity.runCaps.get(candidate.run);
  const inRun = use.run.get(candidate.run) ?? 0;
  if (runCap !== undefined && inRun >= runCap) {
    return `waits for its own run: ${inRun} of ${runCap} attempts at once (max_concurrency)`;
  }
  const poolCap = capacity.poolCaps[candidate.pool] ?? capacity.poolCaps.default;
  const inPool = use.pool.get(candidate.pool) ?? 0;
  return inPool >= poolCap
    ? `waits for room in pool ${candidate.pool}: ${inPool} of ${poolCap} in use`
    : null;
}

interface RepositoryQueue {
  readonly repository: RepositoryId;
  /** The next one is last. */
  readonly waiting: Candidate[];
}

function queuesByRepository(candidates: readonly Candidate[]): readonly RepositoryQueue[] {
  const groups = Map.groupBy(candidates, ({ repository }) => repository);
  return [...groups]
    .map(([repository, waiting]) => ({ repository, waiting: [...waiting].sort(compare).reverse() }))
    .sort((a, b) => (a.repository < b.repository ? -1 : 1));
}

/** The order within one repository. */
function compare(a: Candidate, b: Candidate): number {
  return (
    b.priority - a.priority ||
    b.remainingPath - a.remainingPath ||
    a.queuedAt - b.queuedAt ||
    a.position - b.position ||
    (a.attempt < b.attempt ? -1 : 1)
  );
}

/** The queue whose head goes next; null when all are empty. */
function nextQueue(
  queues: readonly RepositoryQueue[],
  inUse: ReadonlyMap<RepositoryId, number>,
): RepositoryQueue | null {
  let best: { queue: RepositoryQueue; head: Candidate; used: number } | null = null;
  for (const queue of queues) {
    const head = queue.waiting.at(-1);
    if (head !== undefined) {
      const used = inUse.get(queue.repository) ?? 0;
      const order: number =
        best === null
          ? -1
          : best.head.priority - head.priority || used - best.used || compare(head, best.head);
      best = order < 0 ? { queue, head, used } : best;
    }
  }
  return best?.queue ?? null;
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

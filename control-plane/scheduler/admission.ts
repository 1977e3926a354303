import type { AttemptId, RepositoryId } from "../../schemas/ids.ts";
import { Room, type Candidate, type Capacity } from "./room.ts";

export interface Admission {
  /** In the order in which they are dispatched. */
  readonly admitted: readonly AttemptId[];
  /** Why each of the others waits, in the words that users read. */
  readonly pending: ReadonlyMap<AttemptId, string>;
  /** Those of them that wait for the concurrency group of their job. */
  readonly inLine: readonly Candidate[];
}

/**
 * Fills the room there is: higher priority first, then the repository that uses least, then the
 * longest way to the end of the run, then whoever waits longest, then the plan's order. Members of a concurrency
 * group go in the order of their runs. Pure: the same input, the same order.
 */
export function admit(candidates: readonly Candidate[], capacity: Capacity): Admission {
  const room = new Room(capacity);
  const admitted: AttemptId[] = [];
  const pending = new Map<AttemptId, string>();
  const inLine: Candidate[] = [];
  const queues = queuesByRepository(candidates);
  for (
    let queue = nextQueue(queues, room.inRepository);
    queue !== null;
    queue = nextQueue(queues, room.inRepository)
  ) {
    const candidate = queue.waiting.pop() as Candidate;
    const wait = room.take(candidate);
    if (wait === null) {
      admitted.push(candidate.attempt);
    } else {
      pending.set(candidate.attempt, wait.words);
      if (wait.inLine) inLine.push(candidate);
    }
  }
  return { admitted, pending, inLine };
}

interface RepositoryQueue {
  readonly repository: RepositoryId;
  /** The next one is last. */
  readonly waiting: Candidate[];
}

function queuesByRepository(candidates: readonly Candidate[]): readonly RepositoryQueue[] {
  const groups = Map.groupBy(candidates, ({ repository }) => repository);
  return [...groups]
    .map(([repository, waiting]) => ({ repository, waiting: inLines([...waiting].sort(compare)).reverse() }))
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

/**
 * Members of a concurrency group share the turns they have among all others in the order of their line: an
 * older run's member goes first, even when it became ready later.
 */
function inLines(sorted: readonly Candidate[]): Candidate[] {
  const groupOf = (candidate: Candidate): string | undefined => candidate.member?.group.key;
  const lines = Map.groupBy(sorted, groupOf);
  for (const [key, line] of lines) {
    if (key !== undefined) line.sort(compareInLine).reverse();
  }
  return sorted.map((candidate) => {
    const key = groupOf(candidate);
    return key === undefined ? candidate : (lines.get(key)?.pop() ?? candidate);
  });
}

function compareInLine(a: Candidate, b: Candidate): number {
  return b.priority - a.priority || (a.member?.run ?? 0) - (b.member?.run ?? 0) || compare(a, b);
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

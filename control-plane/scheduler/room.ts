import type { AttemptId, RepositoryId, RunId } from "../../schemas/ids.ts";
import { GroupPlaces, type Member } from "./concurrency.ts";

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
  /** Its job's concurrency group; null: none. */
  readonly member: Member<AttemptId> | null;
  /** The matrix that bounds how many of its cells run at once; null: none. */
  readonly cells: { readonly of: string; readonly max: number } | null;
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
  /** By `cellsKey`. */
  readonly inCells: ReadonlyMap<string, number>;
  /** Attempts that have a place in the group of their job. */
  readonly inGroups: readonly Member<AttemptId>[];
  /** Why none of a run's attempts may start: the run waits for its own group. */
  readonly runWaits: ReadonlyMap<RunId, string>;
}

/** Looked at of one line of candidates; where few have room, more of them would only wait. */
const PER_LINE = 200;
/** The same where so many have room: each pass ranks all that wait. It holds the locks of their runs for some 100 ms. */
const PER_LINE_MAX = 500;

/** How many of each line deserve a look. A pool in which nothing runs yet counts from its next pass on. */
export function candidatesPerLine({ poolCaps, inPool }: Pick<Capacity, "poolCaps" | "inPool">): number {
  const rooms = [...inPool].map(([pool, attempts]) => (poolCaps[pool] ?? poolCaps.default) - attempts);
  const isRoomy = rooms.length === 0 || Math.max(...rooms) >= PER_LINE_MAX;
  return isRoomy ? PER_LINE_MAX : PER_LINE;
}

export function cellsKey(run: RunId, job: string): string {
  return `${run} ${job}`;
}

/** Why a candidate waits; `inLine` when it is for its concurrency group. */
export interface Wait {
  readonly words: string;
  readonly inLine: boolean;
}

/** The room there is, while it is given away. */
export class Room {
  readonly #capacity: Capacity;
  readonly #inPool: Map<string, number>;
  readonly #inRun: Map<RunId, number>;
  readonly #inCells: Map<string, number>;
  readonly #groups: GroupPlaces;
  readonly inRepository: Map<RepositoryId, number>;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
    this.#inPool = new Map(capacity.inPool);
    this.#inRun = new Map(capacity.inRun);
    this.#inCells = new Map(capacity.inCells);
    this.#groups = new GroupPlaces(capacity.inGroups);
    this.inRepository = new Map(capacity.inRepository);
  }

  /** Takes the room that the candidate needs, all or nothing. Null when it has it, else why not. */
  take(candidate: Candidate): Wait | null {
    const { pool, run, repository, cells, member } = candidate;
    // A run that waits for its group keeps nobody from the groups of other runs' jobs.
    const ofRun = this.#capacity.runWaits.get(run);
    if (ofRun !== undefined) return { words: ofRun, inLine: false };
    const ofGroup = member === null ? null : this.#groups.whyNot(member);
    if (ofGroup !== null) return { words: ofGroup, inLine: true };
    const words = this.#whyNot(candidate);
    if (words !== null) {
      if (member !== null) this.#groups.keepFor(member);
      return { words, inLine: false };
    }
    increase(this.#inPool, pool);
    increase(this.#inRun, run);
    increase(this.inRepository, repository);
    if (cells !== null) increase(this.#inCells, cellsKey(run, cells.of));
    if (member !== null) this.#groups.take(member);
    return null;
  }

  #whyNot({ pool, run, cells }: Candidate): string | null {
    const { poolCaps, runCaps } = this.#capacity;
    const runCap = runCaps.get(run);
    const inRun = this.#inRun.get(run) ?? 0;
    if (runCap !== undefined && inRun >= runCap) {
      return `waits for its own run: ${inRun} of ${runCap} attempts at once (max_concurrency)`;
    }
    const inCells = cells === null ? 0 : (this.#inCells.get(cellsKey(run, cells.of)) ?? 0);
    if (cells !== null && inCells >= cells.max) {
      return `waits for other cells of ${cells.of}: ${inCells} of ${cells.max} at once (matrix.max)`;
    }
    const poolCap = poolCaps[pool] ?? poolCaps.default;
    const inPool = this.#inPool.get(pool) ?? 0;
    return inPool >= poolCap ? `waits for room in pool ${pool}: ${inPool} of ${poolCap} in use` : null;
  }
}

function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import type { TaskLog } from "./context.ts";

/** Plans under way of one repository: there are as many planning processes. */
const OF_ONE_REPOSITORY_MAX = 2;
/** Plans under way at all. Most of their time is spent waiting for a fetch. */
const AT_ONCE_MAX = 8;
/** Waiting runs of one repository that are remembered; the sweep wakes the others again. */
const WAITING_MAX = 1_000;

/** A run that is to be planned. */
export interface Waiting {
  readonly run: RunId;
  readonly repository: RepositoryId;
}

export interface PlanningTurns<Turn extends Waiting> {
  /** Plans it when it is its repository's turn. Does nothing about one that waits or is planned here already. */
  add(turn: Turn): void;
  /** Forgets those that wait, and waits for those under way. Safe when repeated. */
  stop(): Promise<void>;
}

interface Line<Turn> {
  readonly waiting: Map<RunId, Turn>;
  readonly working: Set<RunId>;
}

/**
 * Lets repositories plan in turn, so that one whose plans or fetches take long keeps no other waiting behind
 * all of its own, and none of the tasks that carry on with other runs.
 */
export function createPlanningTurns<Turn extends Waiting>(
  plan: (turn: Turn) => Promise<void>,
  log: TaskLog,
): PlanningTurns<Turn> {
  /** In the order in which they are looked at: who had a turn goes to the end. */
  const lines = new Map<RepositoryId, Line<Turn>>();
  const underWay = new Set<Promise<void>>();
  let stopped = false;

  const begin = (turn: Turn, line: Line<Turn>): void => {
    line.waiting.delete(turn.run);
    line.working.add(turn.run);
    const work = plan(turn)
      .catch((error: unknown) => {
        log.error({ run: turn.run, err: error }, "a run could not be planned; it is woken again");
      })
      .finally(() => {
        underWay.delete(work);
        line.working.delete(turn.run);
        if (line.working.size + line.waiting.size === 0) lines.delete(turn.repository);
        next();
      });
    underWay.add(work);
  };

  const next = (): void => {
    for (const [repository, line] of lines) {
      if (stopped || underWay.size >= AT_ONCE_MAX) return;
      const [turn] = line.working.size < OF_ONE_REPOSITORY_MAX ? line.waiting.values() : [];
      if (turn === undefined) continue;
      lines.delete(repository);
      lines.set(repository, line);
      begin(turn, line);
    }
  };

  return {
    add(turn) {
      const line = lines.get(turn.repository) ?? { waiting: new Map(), working: new Set() };
      if (stopped || line.working.has(turn.run) || line.waiting.size >= WAITING_MAX) return;
      lines.set(turn.repository, line);
      line.waiting.set(turn.run, turn);
      next();
    },
    async stop() {
      stopped = true;
      await Promise.all(underWay);
    },
  };
}

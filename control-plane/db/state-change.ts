import type { RunState } from "../../schemas/states.ts";
import type { Transaction } from "./client.ts";

export type Entity = "run" | "job" | "attempt" | "lease";

export interface StateChange {
  readonly entity: Entity;
  readonly ids: readonly string[];
  readonly from: string;
  readonly to: string;
  /** The epoch the row must carry, for attempts and leases; null asks for none. */
  readonly epoch: number | null;
  readonly actor: string;
  readonly cause: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

const TABLE_NAMES: Readonly<Record<Entity, string>> = {
  run: "delta.runs",
  job: "delta.jobs",
  attempt: "delta.attempts",
  lease: "delta.leases",
};

/**
 * Moves the rows that are still in the state, and of the epoch, that the caller expects, and writes an
 * audit row for each, in one statement; gives back how many moved. The caller holds the row lock of
 * the run, which makes the audit's numbering gapless.
 */
export async function changeStates(tx: Transaction, change: StateChange): Promise<number> {
  const { entity, ids, from, to, epoch, actor, cause } = change;
  const columns = { state: to, ...change.columns };
  const fenced = epoch === null ? tx`` : tx`and epoch = ${epoch}`;
  const rows = await tx`
    with changed as (
      update ${tx(TABLE_NAMES[entity])} set ${tx(columns as Record<string, string>)}
      where id = any(${[...ids]}::uuid[]) and state = ${from} ${fenced} returning id)
    insert into delta.audit_events (entity, entity_id, seq, from_state, to_state, actor, cause, epoch)
    select ${entity}, id, coalesce((select max(seq) from delta.audit_events
      where entity = ${entity} and entity_id = changed.id), 0) + 1, ${from}, ${to}, ${actor}, ${cause}, ${epoch}
    from changed returning 1`;
  return rows.length;
}

/** Writes the first audit rows of rows that were just inserted, one for each state on their path. */
export async function insertAudit(
  tx: Transaction,
  birth: {
    readonly entity: Entity;
    readonly ids: readonly string[];
    readonly path: readonly string[];
    readonly actor: string;
    readonly cause: string;
    readonly epoch: number | null;
  },
): Promise<void> {
  await tx`
    insert into delta.audit_events (entity, entity_id, seq, from_state, to_state, actor, cause, epoch)
    select ${birth.entity}, id, seq, lag(state) over (partition by id order by seq), state, ${birth.actor},
      ${birth.cause}, ${birth.epoch}
    from unnest(${[...birth.ids]}::uuid[]) as id, unnest(${[...birth.path]}::text[]) with ordinality as path (state, seq)
    order by seq`;
}

/** The same for several runs, always in the same order, so that two who do it never wait for each other. */
export async function lockRuns(tx: Transaction, runIds: ReadonlySet<string>): Promise<void> {
  await tx`select from delta.runs where id = any(${[...runIds]}::uuid[]) order by id for update`;
}

/** The lock under which every state of a run, its jobs, attempts and leases changes. Null when there is no such run. */
export async function lockRun(tx: Transaction, runId: string): Promise<{ readonly state: RunState } | null> {
  const [row] = await tx<{ state: RunState }[]>`select state from delta.runs where id = ${runId} for update`;
  return row ?? null;
}

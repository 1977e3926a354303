import { randomBytes } from "node:crypto";
import { uuidV7 } from "../schemas/ids.ts";

/**
 * Time as a value. Leases and deadlines never use it: they are judged by the database's clock alone.
 * It serves ids, pacing and what is shown to people.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A new row id of the kind the caller names. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the brand says of what the id is
export function newId<Id extends string>(clock: Clock = systemClock): Id {
  return uuidV7(clock.nowMs(), (size) => randomBytes(size)) as Id;
}

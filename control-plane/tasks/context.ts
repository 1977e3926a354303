import type { KeyObject } from "node:crypto";
import type { Database } from "../db/client.ts";
import type { Capacity } from "../scheduler/room.ts";
import type { Dispatcher } from "../../schemas/dispatcher.ts";

/** The log of a control plane: one line, with what it is about as data. */
export interface TaskLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What the tasks of this folder work with. */
export interface TaskContext {
  readonly database: Database;
  readonly dispatcher: Dispatcher;
  readonly poolCaps: Capacity["poolCaps"];
  /** Key of the claim tokens; the same in every control plane of one database. */
  readonly serverKey: KeyObject;
  /** Where runners reach a control plane. */
  readonly controlPlaneUrl: string;
  readonly log: TaskLog;
}

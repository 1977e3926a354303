import { setTimeout as delay } from "node:timers/promises";
import type { Database, Transaction } from "./client.ts";

/** Serialization failure, deadlock and lock timeout: nothing happened, the same transaction may succeed. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set(["40001", "40P01", "55P03"]);
/** Five tries ride out any pile-up we have seen; more would hide a real conflict. */
const TRIES_MAX = 5;
const RETRY_DELAY_MS = 20;

/**
 * Runs the body in one transaction and, when Postgres says it lost a race for locks, runs the whole
 * body again. The body must touch nothing but the database.
 */
export async function inTransaction<Result>(
  database: Database,
  body: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await database.begin(body)) as Result;
    } catch (error) {
      if (attempt >= TRIES_MAX || !RETRYABLE_CODES.has(sqlState(error))) {
        throw error;
      }
      await delay(RETRY_DELAY_MS * attempt);
    }
  }
}

/** The five characters Postgres names an error by; empty for any other error. */
export function sqlState(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

import type { Plan } from "../../schemas/plan.ts";
import type { Connection } from "./client.ts";

/** Plans of runs that are alive on a busy server; each is read many times and never changes. */
const CACHED_PLANS_MAX = 64;

const cache = new Map<string, Plan>();

/** The plan with this digest. Kept in memory: a plan row never changes. Throws when there is none. */
export async function readPlan(connection: Connection, digest: string): Promise<Plan> {
  const known = cache.get(digest);
  if (known !== undefined) {
    cache.delete(digest);
    cache.set(digest, known);
    return known;
  }
  const [row] = await connection<{ canonical: string }[]>`
    select canonical from delta.plans where digest = ${digest}`;
  if (row === undefined) {
    throw new Error(`there is no plan ${digest}`);
  }
  const plan = JSON.parse(row.canonical) as Plan;
  cache.set(digest, plan);
  const oldest = cache.keys().next().value;
  if (cache.size > CACHED_PLANS_MAX && oldest !== undefined) {
    cache.delete(oldest);
  }
  return plan;
}

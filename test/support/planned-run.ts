import { newId } from "../../control-plane/clock.ts";
import type { Database } from "../../control-plane/db/client.ts";
import { inTransaction } from "../../control-plane/db/in-transaction.ts";
import { beginPlanning, createRun, storePlan } from "../../control-plane/lifecycle/index.ts";
import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import { compiled } from "./plans.ts";

export const TEST_AUTHOR = { actor: "user:test", cause: "test" };

/** A repository that nothing is ever read from. */
export async function insertRepository(database: Database): Promise<RepositoryId> {
  const id = newId<RepositoryId>();
  await database`
    insert into delta.repositories (id, forge, forge_id, full_name, clone_url, default_branch)
    values (${id}, 'local', ${id}, 'test/test', '/nowhere', 'main')`;
  return id;
}

/** A run of this plan, planned and queued, in one transaction; its wake-ups exist when it commits. */
export async function insertPlannedRun(
  database: Database,
  repositoryId: RepositoryId,
  plan: Plan,
): Promise<RunId> {
  return inTransaction(database, async (tx) => {
    const { id } = await createRun(tx, TEST_AUTHOR, {
      repositoryId,
      deliveryId: null,
      event: plan.event,
      headSha: plan.changes.head,
      baseSha: null,
      request: null,
      rerunOf: null,
    });
    await beginPlanning(tx, TEST_AUTHOR, id);
    await storePlan(tx, TEST_AUTHOR, id, compiled(plan));
    return id;
  });
}

import type { FastifyInstance } from "fastify";
import { RunParams } from "../../schemas/api.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import type { ApiAccess } from "../http/api-access.ts";
import { checked, HttpError } from "../http/errors.ts";
import { requestCancel, rerun } from "../lifecycle/index.ts";
import type { FormGuard } from "./form-guard.ts";

const ACTOR = "user:web";

/**
 * The buttons of a run's page. Each leads to a page: when a button came too late, to that of the run
 * as it is now. They need no script.
 */
export function registerActions(
  scope: FastifyInstance,
  { database, access }: { readonly database: Database; readonly access: ApiAccess },
  guard: FormGuard,
): void {
  scope.post("/runs/:run/cancel", async (request, reply) => {
    const { run } = checked(RunParams, request.params, "path");
    if (!access.allowsReading(request)) {
      return reply.redirect(`/login?next=/runs/${run}`, 303);
    }
    guard.check(request);
    const author = { actor: ACTOR, cause: "canceled on the page of the run" };
    await requestCancel(database, author, run as RunId, "canceled_by_user");
    return reply.redirect(`/runs/${run}`, 303);
  });

  scope.post("/runs/:run/rerun", async (request, reply) => {
    const { run } = checked(RunParams, request.params, "path");
    if (!access.allowsReading(request)) {
      return reply.redirect(`/login?next=/runs/${run}`, 303);
    }
    guard.check(request);
    const author = { actor: ACTOR, cause: "run again on the page of the run" };
    const answer = await rerun(database, author, run as RunId);
    if (answer.status === "not_found") {
      throw new HttpError("not_found", `there is no run ${run}`);
    }
    return reply.redirect(`/runs/${answer.status === "alive" ? run : answer.id}`, 303);
  });
}

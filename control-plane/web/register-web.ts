import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { RunParams } from "../../schemas/api.ts";
import { UUID_PATTERN, type RunId } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import type { ApiAccess } from "../http/api-access.ts";
import { checked, HTTP_STATUS, HttpError, httpErrorOf } from "../http/errors.ts";
import { listRuns } from "../views/list-runs.ts";
import { readRunView } from "../views/read-run-view.ts";
import { allowForms, FormGuard } from "./form-guard.ts";
import { messagePage } from "./message-page.ts";
import { registerActions } from "./register-actions.ts";
import { registerAssets } from "./register-assets.ts";
import { registerLogin } from "./register-login.ts";
import { runPage } from "./run-page.ts";
import { runsPage } from "./runs-page.ts";
import { sendPage } from "./send-page.ts";

export interface WebDependencies {
  readonly database: Database;
  readonly access: ApiAccess;
}

const PAGE_RUNS = 30;
const ListQuery = Type.Object(
  { before: Type.Optional(Type.String({ pattern: UUID_PATTERN })) },
  { additionalProperties: false },
);

/** The pages for browsers: runs, one run with its live logs, and a sign-in with the API token. */
export function registerWeb(app: FastifyInstance, { database, access }: WebDependencies): void {
  const guard = new FormGuard(access.session);
  registerAssets(app);
  app.register(async (scope) => {
    answerWithPages(scope);
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string" },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    registerReads(scope, { database, access }, guard);
    registerActions(scope, { database, access }, guard);
    registerLogin(scope, access);
  });
}

function registerReads(
  scope: FastifyInstance,
  { database, access }: WebDependencies,
  guard: FormGuard,
): void {
  scope.get("/", (_request, reply) => reply.redirect("/runs"));

  scope.get("/runs", async (request, reply) => {
    const { before } = checked(ListQuery, request.query, "query");
    if (!access.allowsReading(request)) {
      return reply.redirect("/login");
    }
    const runs = await listRuns(database, { limit: PAGE_RUNS, before: before ?? null, repository: null });
    return sendPage(reply, runsPage(runs, new Date()));
  });

  scope.get("/runs/:run", async (request, reply) => {
    const { run: id } = checked(RunParams, request.params, "path");
    if (!access.allowsReading(request)) {
      return reply.redirect(`/login?next=/runs/${id}`);
    }
    const run = await readRunView(database, id as RunId);
    if (run === null) {
      throw new HttpError("not_found", `there is no run ${id}`);
    }
    return sendPage(allowForms(reply), runPage(run.view, run.plan, guard.token, new Date()));
  });
}

/** Errors as pages that people can read, with the same codes as everywhere. */
function answerWithPages(scope: FastifyInstance): void {
  scope.setErrorHandler((thrown, request, reply) => {
    const error = httpErrorOf(thrown);
    const status = HTTP_STATUS[error.code];
    if (status >= 500) {
      request.log.error({ err: error.cause ?? error, code: error.code }, error.message);
    }
    const title = error.code === "not_found" ? "Not found" : `Error ${status}`;
    return sendPage(reply.code(status), messagePage(title, error.message));
  });
}

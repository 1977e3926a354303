import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "typebox";
import {
  LocalRunRequest,
  RunParams,
  type HealthView,
  type PlanView,
  type RunList,
  type RunView,
} from "../../schemas/api.ts";
import { UUID_PATTERN, type RunId } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import { requestCancel, rerun } from "../lifecycle/index.ts";
import type { LogDependencies } from "../logs/log-store.ts";
import { listRuns } from "../views/list-runs.ts";
import { readRunView, type VersionedRun } from "../views/read-run-view.ts";
import type { ApiAccess } from "./api-access.ts";
import { sendArtifact } from "./artifact-egress.ts";
import { checked, HttpError } from "./errors.ts";
import { isFromThisMachine, startLocalRun } from "./local-run.ts";
import { sendLog } from "./log-egress.ts";
import { sendRunEvents } from "./run-events.ts";
import { RunWatch } from "./run-watch.ts";

export interface RunsApiDependencies extends LogDependencies {
  readonly access: ApiAccess;
  readonly version: string;
  /** Name of the dispatcher, for people. */
  readonly dispatcher: string;
  /** Whether runs of repositories on this machine may be started. */
  readonly localRepositories: boolean;
}

const strict = { additionalProperties: false } as const;
const NoQuery = Type.Object({}, strict);
const NoBody = Type.Union([Type.Object({}, strict), Type.Null(), Type.Undefined()]);
const ListQuery = Type.Object(
  {
    limit: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })),
    before: Type.Optional(Type.String({ pattern: UUID_PATTERN })),
    repository: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  strict,
);
const EventsQuery = Type.Object(
  { after: Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,14})$" })) },
  strict,
);
const PAGE_RUNS_DEFAULT = 20;
/** Far above what the CLI and a page of a run need, far below what would be felt. */
const REQUESTS_PER_MINUTE_MAX = 6_000;
const AUTHOR = { actor: "user:api" } as const;

/** The API for people and the CLI, as schemas/api.ts lists it. Everything but health asks for the token. */
export function registerRunsApi(app: FastifyInstance, dependencies: RunsApiDependencies): void {
  const { database, access, version, dispatcher } = dependencies;
  app.get("/api/v1/health", async (): Promise<HealthView> => {
    await database`select 1`;
    return { status: "ok", version, dispatcher };
  });
  app.register(async (scope) => {
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, rateLimit: { max: REQUESTS_PER_MINUTE_MAX, timeWindow: 60_000 } };
    });
    scope.addHook("onRequest", async (request) => {
      const reads = request.method === "GET" || request.method === "HEAD";
      if (!(reads ? access.allowsReading(request) : access.allows(request))) {
        throw new HttpError("unauthorized", "the API token is missing or wrong");
      }
    });
    registerReads(scope, dependencies);
    registerActions(scope, dependencies);
  });
}

function registerReads(scope: FastifyInstance, dependencies: RunsApiDependencies): void {
  const { database } = dependencies;
  const watch = new RunWatch(database);

  scope.get("/api/v1/runs", async (request): Promise<RunList> => {
    const query = checked(ListQuery, request.query, "query");
    const limit = Number(query.limit ?? PAGE_RUNS_DEFAULT);
    return listRuns(database, { limit, before: query.before ?? null, repository: query.repository ?? null });
  });

  scope.get("/api/v1/runs/:run", async (request): Promise<RunView> => {
    checked(NoQuery, request.query, "query");
    return (await findRun(database, request)).view;
  });

  scope.get("/api/v1/runs/:run/plan", async (request): Promise<PlanView> => {
    checked(NoQuery, request.query, "query");
    const { view, plan } = await findRun(database, request);
    if (plan === null || view.plan_digest === null) {
      throw new HttpError("not_found", `run ${view.id} has no plan; it is ${view.state}`);
    }
    return { version: 1, digest: view.plan_digest, plan };
  });

  scope.get("/api/v1/runs/:run/events", async (request, reply) => {
    const { after } = checked(EventsQuery, request.query, "query");
    const last = request.headers["last-event-id"];
    const seen = typeof last === "string" && /^[0-9]{1,15}$/.test(last) ? last : after;
    const run = await findRun(database, request);
    await sendRunEvents(reply, database, watch, run, seen === undefined ? null : Number(seen));
  });

  scope.get("/api/v1/attempts/:attempt/logs/:stream", async (request, reply) => {
    await sendLog(request, reply, dependencies);
  });

  scope.get("/api/v1/attempts/:attempt/artifacts/:name", async (request, reply) => {
    await sendArtifact(request, reply, dependencies);
  });
}

function registerActions(scope: FastifyInstance, dependencies: RunsApiDependencies): void {
  const { database, localRepositories } = dependencies;

  scope.post("/api/v1/runs", async (request, reply): Promise<RunView> => {
    if (!localRepositories || !isFromThisMachine(request)) {
      throw new HttpError("forbidden", "runs of local repositories can be started on this machine alone");
    }
    const id = await startLocalRun(database, checked(LocalRunRequest, request.body, "body"));
    reply.code(201);
    return viewOf(database, id);
  });

  scope.post("/api/v1/runs/:run/cancel", async (request): Promise<RunView> => {
    checked(NoBody, request.body, "body");
    const run = runOf(request);
    const author = { ...AUTHOR, cause: "canceled through the API" };
    const answer = await requestCancel(database, author, run, "canceled_by_user");
    if (answer === "ended") {
      throw new HttpError("conflict", `run ${run} has ended`);
    }
    return viewOf(database, run);
  });

  scope.post("/api/v1/runs/:run/rerun", async (request, reply): Promise<RunView> => {
    checked(NoBody, request.body, "body");
    const run = runOf(request);
    const answer = await rerun(database, { ...AUTHOR, cause: "run again through the API" }, run);
    if (answer.status === "alive") {
      throw new HttpError("conflict", `run ${run} is still going on`);
    }
    if (answer.status === "not_found") {
      throw new HttpError("not_found", `there is no run ${run}`);
    }
    reply.code(201);
    return viewOf(database, answer.id);
  });
}

function runOf(request: FastifyRequest): RunId {
  return checked(RunParams, request.params, "path").run as RunId;
}

async function findRun(database: Database, request: FastifyRequest): Promise<VersionedRun> {
  const id = runOf(request);
  const run = await readRunView(database, id);
  if (run === null) {
    throw new HttpError("not_found", `there is no run ${id}`);
  }
  return run;
}

async function viewOf(database: Database, id: RunId): Promise<RunView> {
  const run = await readRunView(database, id);
  if (run === null) {
    throw new HttpError("not_found", `there is no run ${id}`);
  }
  return run.view;
}

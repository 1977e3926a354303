import { readFileSync } from "node:fs";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { RunParams } from "../../schemas/api.ts";
import { UUID_PATTERN, type RunId } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import { SESSION_COOKIE, type ApiAccess } from "../http/api-access.ts";
import { checked, HttpError } from "../http/errors.ts";
import { listRuns } from "../views/list-runs.ts";
import { readRunView } from "../views/read-run-view.ts";
import { loginPage } from "./login-page.ts";
import { runPage } from "./run-page.ts";
import { runsPage } from "./runs-page.ts";

export interface WebDependencies {
  readonly database: Database;
  readonly access: ApiAccess;
}

const ASSETS = {
  "style.css": "text/css; charset=utf-8",
  "run.js": "text/javascript; charset=utf-8",
  "ansi.js": "text/javascript; charset=utf-8",
  "login.js": "text/javascript; charset=utf-8",
} as const;

const PAGE_RUNS = 30;
/** A browser stays signed in for a month. */
const SESSION_SECONDS = 30 * 24 * 60 * 60;
/** Guesses of the token, by address. */
const LOGINS_PER_MINUTE_MAX = 20;
const strict = { additionalProperties: false } as const;
const ListQuery = Type.Object({ before: Type.Optional(Type.String({ pattern: UUID_PATTERN })) }, strict);
const LoginQuery = Type.Object({ next: Type.Optional(Type.String({ maxLength: 256 })) }, strict);
/** The one place that a sign-in may lead to besides the list: the page of a run. */
const NEXT = /^\/runs(\/[0-9a-f-]{36})?$/;

/** The pages for browsers: runs, one run with its live logs, and a sign-in with the API token. */
export function registerWeb(app: FastifyInstance, { database, access }: WebDependencies): void {
  for (const [name, type] of Object.entries(ASSETS)) {
    const bytes = readFileSync(new URL(`./assets/${name}`, import.meta.url));
    app.get(`/assets/${name}`, (_request, reply) => {
      return reply.type(type).header("cache-control", "no-cache").send(bytes);
    });
  }
  app.get("/", (_request, reply) => reply.redirect("/runs"));

  app.get("/runs", async (request, reply) => {
    const { before } = checked(ListQuery, request.query, "query");
    if (!access.allowsReading(request)) {
      return reply.redirect("/login");
    }
    const runs = await listRuns(database, { limit: PAGE_RUNS, before: before ?? null, repository: null });
    return sendPage(reply, runsPage(runs));
  });

  app.get("/runs/:run", async (request, reply) => {
    const { run: id } = checked(RunParams, request.params, "path");
    if (!access.allowsReading(request)) {
      return reply.redirect(`/login?next=/runs/${id}`);
    }
    const run = await readRunView(database, id as RunId);
    if (run === null) {
      throw new HttpError("not_found", `there is no run ${id}`);
    }
    return sendPage(reply, runPage(run.view, run.plan));
  });

  registerLogin(app, access);
}

function registerLogin(app: FastifyInstance, access: ApiAccess): void {
  app.register(async (scope) => {
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string" },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );

    scope.get("/login", (request, reply) => {
      const { next } = checked(LoginQuery, request.query, "query");
      return sendLogin(reply, nextOf(next), false);
    });

    const limited = { config: { rateLimit: { max: LOGINS_PER_MINUTE_MAX, timeWindow: 60_000 } } };
    scope.post("/login", limited, (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const next = nextOf(form.get("next"));
      if (!access.holdsToken((form.get("token") ?? "").trim())) {
        return sendLogin(reply.code(401), next, true);
      }
      const secure = isSecure(request) ? "; Secure" : "";
      const cookie = `${SESSION_COOKIE}=${access.session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}${secure}`;
      return reply.header("set-cookie", cookie).redirect(next, 303);
    });
  });
}

function nextOf(text: string | null | undefined): string {
  return typeof text === "string" && NEXT.test(text) ? text : "/runs";
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === "https" || request.headers["x-forwarded-proto"] === "https";
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(page);
}

/** The one page with a form: only here may a form be sent, and only to this server. */
function sendLogin(reply: FastifyReply, next: string, failed: boolean): FastifyReply {
  const policy = String(reply.getHeader("content-security-policy")).replace(
    "form-action 'none'",
    "form-action 'self'",
  );
  return sendPage(reply.header("content-security-policy", policy), loginPage(next, failed));
}

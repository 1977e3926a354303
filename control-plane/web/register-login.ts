import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { SESSION_COOKIE, type ApiAccess } from "../http/api-access.ts";
import { checked } from "../http/errors.ts";
import { allowForms, formOf } from "./form-guard.ts";
import { loginPage } from "./login-page.ts";
import { sendPage } from "./send-page.ts";

/** A browser stays signed in for a month. */
const SESSION_SECONDS = 30 * 24 * 60 * 60;
/** Guesses of the token, by address. */
const LOGINS_PER_MINUTE_MAX = 20;
const LoginQuery = Type.Object(
  { next: Type.Optional(Type.String({ maxLength: 256 })) },
  { additionalProperties: false },
);
/** The one place that a sign-in may lead to besides the list: the page of a run. */
const NEXT = /^\/runs(\/[0-9a-f-]{36})?$/;

/** Trades the API token for a cookie that reads pages. */
export function registerLogin(scope: FastifyInstance, access: ApiAccess): void {
  scope.get("/login", (request, reply) => {
    const { next } = checked(LoginQuery, request.query, "query");
    return sendLogin(reply, nextOf(next), false);
  });

  const limited = { config: { rateLimit: { max: LOGINS_PER_MINUTE_MAX, timeWindow: 60_000 } } };
  scope.post("/login", limited, (request, reply) => {
    const form = formOf(request);
    const next = nextOf(form.get("next"));
    if (!access.holdsToken((form.get("token") ?? "").trim())) {
      return sendLogin(reply.code(401), next, true);
    }
    const secure = isSecure(request) ? "; Secure" : "";
    const cookie = `${SESSION_COOKIE}=${access.session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}${secure}`;
    return reply.header("set-cookie", cookie).redirect(next, 303);
  });
}

function nextOf(text: string | null | undefined): string {
  return typeof text === "string" && NEXT.test(text) ? text : "/runs";
}

function isSecure(request: FastifyRequest): boolean {
  return request.protocol === "https" || request.headers["x-forwarded-proto"] === "https";
}

function sendLogin(reply: FastifyReply, next: string, failed: boolean): FastifyReply {
  return sendPage(allowForms(reply), loginPage(next, failed));
}

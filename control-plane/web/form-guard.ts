import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { HttpError } from "../http/errors.ts";

/**
 * Knows a form of our own pages from one of somebody else's. The session's cookie alone does not: all
 * ports of a host share their cookies. A form therefore carries a token derived from the session,
 * which only a page that a signed-in browser was sent contains.
 */
export class FormGuard {
  readonly token: string;

  constructor(session: string) {
    this.token = createHmac("sha256", session).update("delta web form 1").digest("base64url");
  }

  /** Throws `forbidden` unless the form is ours. */
  check(request: FastifyRequest): void {
    const site = request.headers["sec-fetch-site"] ?? "same-origin";
    const given = formOf(request).get("form_token") ?? "";
    const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
    if (site !== "same-origin" || !timingSafeEqual(digest(given), digest(this.token))) {
      throw new HttpError(
        "forbidden",
        "this form did not come from a page of this server; open the page again",
      );
    }
  }
}

/** The fields of a form; none when the body is not one. */
export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
}

/** Lets this page send a form, and only to this server. */
export function allowForms(reply: FastifyReply): FastifyReply {
  const policy = String(reply.getHeader("content-security-policy"));
  return reply.header("content-security-policy", policy.replace("form-action 'none'", "form-action 'self'"));
}

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { bearerToken } from "./bearer-token.ts";

/** The cookie of a browser that was given the token once. */
export const SESSION_COOKIE = "delta_session";

/** Who may use the API: whoever holds its one token. Compared in constant time, never logged. */
export interface ApiAccess {
  holdsToken(token: string): boolean;
  /** The token as `authorization: Bearer`. What changes something asks for this. */
  allows(request: FastifyRequest): boolean;
  /** The token, or the cookie of a browser that was given it. For reading alone. */
  allowsReading(request: FastifyRequest): boolean;
  /** The cookie's value: derived from the token, which it does not give away. */
  readonly session: string;
}

export function createApiAccess(token: string): ApiAccess {
  const session = createHmac("sha256", token).update("delta web session 1").digest("base64url");
  const holdsToken = (given: string): boolean => equal(given, token);
  const allows = (request: FastifyRequest): boolean => {
    const given = bearerToken(request.headers.authorization);
    return given !== null && holdsToken(given);
  };
  return {
    holdsToken,
    session,
    allows,
    allowsReading: (request) => allows(request) || equal(cookie(request.headers.cookie) ?? "", session),
  };
}

function equal(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function cookie(header: string | undefined): string | null {
  const prefix = `${SESSION_COOKIE}=`;
  const found = header
    ?.split(";")
    .map((part) => part.trim())
    .find((part) => part.startsWith(prefix));
  return found?.slice(prefix.length) ?? null;
}

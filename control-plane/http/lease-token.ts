import type { FastifyRequest } from "fastify";
import { bearerToken } from "./bearer-token.ts";
import { HttpError } from "./errors.ts";

/** The token that a runner sends with everything about its lease. */
export function leaseToken(request: FastifyRequest): string {
  const token = bearerToken(request.headers.authorization);
  if (token === null) {
    throw new HttpError("unauthorized", "the lease token is missing");
  }
  return token;
}

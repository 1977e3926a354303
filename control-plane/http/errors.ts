import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Static, TSchema } from "typebox";
import type { ProtocolErrorCode } from "../../schemas/runner-protocol.ts";
import { validate } from "../../schemas/validate.ts";

/** Every error code that leaves over HTTP, with its status. Bodies are `{ error, message }`. */
export const HTTP_STATUS = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  stale_lease: 409,
  seq_conflict: 409,
  order: 409,
  log_conflict: 409,
  log_closed: 409,
  artifact_conflict: 409,
  artifact_closed: 409,
  artifact_gone: 410,
  log_mismatch: 412,
  artifact_mismatch: 412,
  too_large: 413,
  unsupported_media_type: 415,
  log_gap: 416,
  artifact_gap: 416,
  too_many_requests: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ProtocolErrorCode, number> & Record<string, number>;
export type HttpErrorCode = keyof typeof HTTP_STATUS;

/** How long a client should wait when the database or the blob store is away. */
const RETRY_AFTER_SECONDS = 2;

/** An answer other than success that a handler decided on. `acked` goes to runners with errors of logs and artifacts. */
export class HttpError extends Error {
  readonly code: HttpErrorCode;
  readonly acked: number | null;

  constructor(code: HttpErrorCode, message: string, options: { acked?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "HttpError";
    this.code = code;
    this.acked = options.acked ?? null;
  }
}

/** The value as the schema's type, or a 400 that names the place. `what` is `body`, `query` or `path`. */
export function checked<Schema extends TSchema>(
  schema: Schema,
  value: unknown,
  what: "body" | "query" | "path",
): Static<Schema> {
  const result = validate(schema, value);
  if (!result.ok) {
    throw new HttpError("invalid_request", `${what}: ${result.fault}`);
  }
  return result.value;
}

/** Postgres, the network to it or the disk is away, read-only or full: the same request may succeed later. */
const STORAGE_AWAY: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EDQUOT",
  "EIO",
  "EMFILE",
  "ENOENT",
  "ENOSPC",
  "EPIPE",
  "EROFS",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "25006",
  "53100",
  "53200",
  "53300",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  "58030",
]);

/** What a thrown value means to a client. Internals stay in the log; the request id joins the two. */
export function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) {
    return error;
  }
  const { code = "", statusCode = 500, message = "" } = error as Partial<FastifyError>;
  if (STORAGE_AWAY.has(code) || code.startsWith("08")) {
    return new HttpError("unavailable", "storage cannot be reached; try again", { cause: error });
  }
  switch (statusCode) {
    case 413:
      return new HttpError("too_large", "the body is larger than this endpoint takes", { cause: error });
    case 415:
      return new HttpError("unsupported_media_type", "this endpoint does not take that content type");
    case 429:
      return new HttpError("too_many_requests", message);
    default:
      return statusCode >= 400 && statusCode < 500
        ? new HttpError("invalid_request", message, { cause: error })
        : new HttpError("internal", "Delta CI failed to answer; its log has the details", { cause: error });
  }
}

/** Every error and every unknown route is answered here, so that no internals leak. */
export function installErrorHandlers(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    sendError(reply, request, httpErrorOf(error));
  });
  app.setNotFoundHandler((request, reply) => {
    sendError(reply, request, new HttpError("not_found", "there is nothing here"));
  });
}

function sendError(reply: FastifyReply, request: FastifyRequest, error: HttpError): void {
  const status = HTTP_STATUS[error.code];
  if (status >= 500) {
    request.log.error({ err: error.cause ?? error, code: error.code }, error.message);
  }
  if (status === 503) {
    void reply.header("retry-after", String(RETRY_AFTER_SECONDS));
  }
  void reply
    .code(status)
    .header("cache-control", "no-store")
    .send({
      error: error.code,
      message: error.message,
      ...(error.acked === null ? {} : { acked: error.acked }),
    });
}

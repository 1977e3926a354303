import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { UUID_PATTERN } from "../../schemas/ids.ts";
import { LOG_CHUNK_BYTES_MAX } from "../../schemas/limits.ts";
import { LogCloseRequest, type LogReply } from "../../schemas/runner-protocol.ts";
import { appendLog, closeLog, type LogAnswer, type LogDependencies } from "../logs/log-store.ts";
import { checked, HttpError } from "./errors.ts";
import { leaseToken } from "./lease-token.ts";

const strict = { additionalProperties: false } as const;
/** A whole number below 2^53 in plain digits, so that every part reads it alike. */
const WholeNumber = Type.String({ pattern: "^(0|[1-9][0-9]{0,15})$" });
const AppendQuery = Type.Object({ epoch: WholeNumber, offset: WholeNumber }, strict);
const NoQuery = Type.Object({}, strict);
const Params = Type.Object(
  {
    lease: Type.String({ pattern: UUID_PATTERN }),
    stream: Type.String({ pattern: "^(0|[1-9][0-9]?|1[0-9][0-9]|200)$" }),
  },
  strict,
);

const REFUSALS = {
  stale_lease: "this lease does not hold",
  log_conflict: "these bytes differ from those acknowledged before",
  log_gap: "bytes before this offset are missing",
  log_closed: "the stream is closed",
  log_mismatch: "size or digest are not those of the bytes stored",
  too_large: "the attempt's log has reached its limit",
} as const;

/**
 * The log routes of the runner protocol: chunks by offset, and the end of a stream. A success means
 * the bytes are durable. 409 log_conflict, 409 log_closed, 412 log_mismatch and 416 log_gap say in `acked` where to go on.
 */
export function registerLogIngress(app: FastifyInstance, dependencies: LogDependencies): void {
  app.register(async (scope) => {
    scope.addContentTypeParser<Buffer>(
      "application/octet-stream",
      { parseAs: "buffer" },
      (_request, body, done) => done(null, body),
    );

    scope.post(
      "/runner/v1/leases/:lease/logs/:stream",
      { bodyLimit: LOG_CHUNK_BYTES_MAX },
      async (request): Promise<LogReply> => {
        const { lease, stream } = checked(Params, request.params, "path");
        const query = checked(AppendQuery, request.query, "query");
        if (!Buffer.isBuffer(request.body)) {
          throw new HttpError("unsupported_media_type", "a chunk of log is application/octet-stream");
        }
        const writer = {
          leaseId: lease,
          token: leaseToken(request),
          epoch: Number(query.epoch),
          stream: Number(stream),
        };
        return replyOf(await appendLog(dependencies, writer, Number(query.offset), request.body));
      },
    );

    scope.post("/runner/v1/leases/:lease/logs/:stream/close", async (request): Promise<LogReply> => {
      const { lease, stream } = checked(Params, request.params, "path");
      checked(NoQuery, request.query, "query");
      const { epoch, ...end } = checked(LogCloseRequest, request.body, "body");
      const writer = { leaseId: lease, token: leaseToken(request), epoch, stream: Number(stream) };
      return replyOf(await closeLog(dependencies, writer, end));
    });
  });
}

function replyOf(answer: LogAnswer): LogReply {
  if (!("refused" in answer)) {
    return answer;
  }
  const { refused } = answer;
  throw new HttpError(refused, REFUSALS[refused], refused === "stale_lease" ? {} : { acked: answer.acked });
}

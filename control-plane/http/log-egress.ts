import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { UUID_PATTERN, type AttemptId } from "../../schemas/ids.ts";
import { attemptExists } from "../db/logs.ts";
import { followLog } from "../logs/follow-log.ts";
import { readLog, type LogDependencies } from "../logs/log-store.ts";
import { checked, HttpError } from "./errors.ts";
import { write } from "./run-events.ts";

const strict = { additionalProperties: false } as const;
const LogParams = Type.Object(
  {
    attempt: Type.String({ pattern: UUID_PATTERN }),
    stream: Type.String({ pattern: "^(0|[1-9][0-9]?|1[0-9][0-9]|200)$" }),
  },
  strict,
);
const LogQuery = Type.Object(
  {
    offset: Type.Optional(Type.String({ pattern: "^(0|[1-9][0-9]{0,14})$" })),
    follow: Type.Optional(Type.Enum(["true", "false"] as const)),
  },
  strict,
);

/** Bytes of one log stream, as they are or until no more can come; a slow reader slows the reading down. */
export async function sendLog(
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: LogDependencies,
): Promise<void> {
  const { attempt, stream } = checked(LogParams, request.params, "path");
  const { offset = "0", follow = "false" } = checked(LogQuery, request.query, "query");
  if (!(await attemptExists(dependencies.database, attempt))) {
    throw new HttpError("not_found", `there is no attempt ${attempt}`);
  }
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  const id = attempt as AttemptId;
  const chunks =
    follow === "true"
      ? followLog(dependencies, id, Number(stream), Number(offset), left.signal)
      : readLog(dependencies, id, Number(stream), Number(offset));
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    // Logs are text of somebody else: never sniffed, never run.
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  try {
    for await (const bytes of chunks) {
      if (left.signal.aborted) {
        return;
      }
      await write(response, bytes, left.signal);
    }
    response.end();
  } catch (error) {
    // The headers are gone: a cut answer is the only way left to say that the log could not be read.
    request.log.error({ err: error, attempt, stream }, "a log could not be read");
    response.destroy();
  }
}

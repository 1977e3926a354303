import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { artifactFileName } from "../../schemas/artifact-file-name.ts";
import { ArtifactName } from "../../schemas/artifact-messages.ts";
import { UUID_PATTERN, type AttemptId } from "../../schemas/ids.ts";
import { readArtifact } from "../artifacts/read-artifact.ts";
import { findWholeArtifact } from "../db/artifacts.ts";
import type { LogDependencies } from "../logs/log-store.ts";
import { checked, HttpError } from "./errors.ts";
import { write } from "./run-events.ts";

const strict = { additionalProperties: false } as const;
const ArtifactParams = Type.Object(
  { attempt: Type.String({ pattern: UUID_PATTERN }), name: ArtifactName },
  strict,
);
const NoQuery = Type.Object({}, strict);

/** A whole artifact as a file to keep: no browser shows or runs it. A slow reader slows the reading down. */
export async function sendArtifact(
  request: FastifyRequest,
  reply: FastifyReply,
  { database, blobs }: Pick<LogDependencies, "database" | "blobs">,
): Promise<void> {
  const { attempt, name } = checked(ArtifactParams, request.params, "path");
  checked(NoQuery, request.query, "query");
  const id = attempt as AttemptId;
  const artifact = await findWholeArtifact(database, id, name);
  if (artifact === null) {
    throw new HttpError("not_found", `attempt ${attempt} left no artifact ${name}`);
  }
  if (artifact.gone) {
    throw new HttpError("artifact_gone", `the artifact ${name} was removed when its time was over`);
  }
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    "content-type": "application/gzip",
    "content-disposition": `attachment; filename="${artifactFileName(artifact.jobKey, name)}"`,
    "content-length": artifact.size,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    for await (const bytes of readArtifact({ database, blobs }, id, name)) {
      if (left.signal.aborted) {
        return;
      }
      await write(response, bytes, left.signal);
    }
    response.end();
  } catch (error) {
    // The headers are gone: an answer shorter than it said is the only way left to tell.
    request.log.error({ err: error, attempt, name }, "an artifact could not be read");
    response.destroy();
  }
}

import type { ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { UUID_PATTERN } from "../../schemas/ids.ts";
import type { Database } from "../db/client.ts";
import { findRunSource, type RunSource } from "../db/sources.ts";
import type { Mirror } from "../git/mirror.ts";
import { asksOnlyFor } from "../git/upload-pack-request.ts";
import { startUploadPack } from "../git/upload-pack.ts";
import { authoriseLease } from "../lifecycle/index.ts";
import { checked, HttpError } from "./errors.ts";
import { createTurnstile } from "./turnstile.ts";

/** git processes that pack objects at once: each may use a core and tens of megabytes. */
const UPLOADS_MAX = 16;
/** Of those, for one lease: a fetch asks one thing after the other, and may have been repeated. */
const UPLOADS_OF_LEASE_MAX = 2;
/** A client that takes less than this in that time has all but stopped reading, and holds a place. */
const TAKEN_BYTES_MIN = 32 * 1024;
const TAKEN_LOOK_MS = 30_000;
/** A fetch of one commit asks in a few hundred bytes; its list of what it has stays far below this. */
const REQUEST_BYTES_MAX = 1024 * 1024;
const REQUEST_BYTES_UNPACKED_MAX = 4 * 1024 * 1024;

const Params = Type.Object({ lease: Type.String({ pattern: UUID_PATTERN }) });
const InfoRefsQuery = Type.Object(
  { service: Type.Literal("git-upload-pack") },
  { additionalProperties: false },
);

export interface GitHttpDependencies {
  readonly database: Database;
  readonly mirror: Mirror;
}

/**
 * The sources of one attempt by git smart HTTP, read only, under its live lease:
 * `/runner/v1/leases/:lease/source.git`. The lease token comes as Bearer, or as the password of
 * Basic. A lease can fetch the commit of its run and that commit's history; other refs and commits of
 * the repository are neither listed nor given.
 */
export function registerGitHttp(app: FastifyInstance, dependencies: GitHttpDependencies): void {
  const { database, mirror } = dependencies;
  const turnstile = createTurnstile(UPLOADS_MAX, UPLOADS_OF_LEASE_MAX);
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<Buffer>(
      "application/x-git-upload-pack-request",
      { parseAs: "buffer" },
      (_request, body, done) => done(null, body),
    );

    scope.get("/runner/v1/leases/:lease/source.git/info/refs", async (request, reply) => {
      checked(InfoRefsQuery, request.query, "query");
      const source = await sourceOf(database, request, reply);
      await answer(request, reply, mirror, source, null);
    });

    scope.post(
      "/runner/v1/leases/:lease/source.git/git-upload-pack",
      { bodyLimit: REQUEST_BYTES_MAX },
      async (request, reply) => {
        const source = await sourceOf(database, request, reply);
        const input = unpacked(request);
        if (!asksOnlyFor(source.head, input)) {
          throw new HttpError("forbidden", "this lease may fetch the commit of its run and nothing else");
        }
        const { lease } = checked(Params, request.params, "path");
        await turnstile.pass(request.raw, lease, () => answer(request, reply, mirror, source, input));
      },
    );
  });
}

async function sourceOf(
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<RunSource> {
  const { lease } = checked(Params, request.params, "path");
  const token = tokenOf(request.headers.authorization);
  if (token === null) {
    void reply.header("www-authenticate", 'Basic realm="delta"');
    throw new HttpError("unauthorized", "the lease token is missing");
  }
  const grant = await authoriseLease(database, { leaseId: lease, token, epoch: null }, { allowGrace: false });
  const source = grant === null ? null : await findRunSource(database, grant.runId);
  if (source === null) {
    throw new HttpError("stale_lease", "this lease does not hold");
  }
  return source;
}

/** Sends what git says, as fast as the client takes it; git is killed when the client leaves. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  mirror: Mirror,
  source: RunSource,
  input: Buffer | null,
): Promise<void> {
  reply.hijack();
  const response = reply.raw;
  // Its end was told before anybody listened, and is not told again.
  if (response.destroyed || request.raw.socket.destroyed) return;
  const header = request.headers["git-protocol"];
  const protocol = typeof header === "string" && /^version=[012]$/.test(header) ? header : null;
  const path = mirror.pathOf(source.repositoryId);
  const upload = startUploadPack({ path, commit: source.head, input, protocol });
  const kind = input === null ? "advertisement" : "result";
  response.writeHead(200, {
    "content-type": `application/x-git-upload-pack-${kind}`,
    "cache-control": "no-cache, max-age=0, must-revalidate",
    "x-content-type-options": "nosniff",
  });
  if (input === null && protocol !== "version=2") {
    response.write("001e# service=git-upload-pack\n0000");
  }
  await new Promise<void>((resolve) => {
    const looking = endWhenIdle(response);
    response.once("close", () => {
      clearInterval(looking);
      upload.stop();
      resolve();
    });
    upload.output.once("error", () => response.destroy());
    upload.output.pipe(response);
  });
}

/** Ends an answer whose client leaves it lying. */
function endWhenIdle(response: ServerResponse): NodeJS.Timeout {
  let taken = 0;
  return setInterval(() => {
    const now = response.socket?.bytesWritten ?? 0;
    if (response.writableNeedDrain && now - taken < TAKEN_BYTES_MIN) response.destroy();
    taken = now;
  }, TAKEN_LOOK_MS);
}

function unpacked(request: FastifyRequest): Buffer {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") {
    return body;
  }
  if (encoding !== "gzip") {
    throw new HttpError("unsupported_media_type", "only gzip may be used to encode a body");
  }
  try {
    return gunzipSync(body, { maxOutputLength: REQUEST_BYTES_UNPACKED_MAX });
  } catch (cause) {
    throw new HttpError("invalid_request", "the body is not gzip or is too large unpacked", { cause });
  }
}

function tokenOf(authorization: string | undefined): string | null {
  const [, scheme = "", value = ""] = /^(bearer|basic) +([^\s]+)$/i.exec(authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") {
    return value;
  }
  const login = Buffer.from(value, "base64").toString("latin1");
  const colon = login.indexOf(":");
  return scheme === "" || colon < 0 ? null : login.slice(colon + 1);
}

import { Type, type Static } from "typebox";
import { UUID_PATTERN } from "./ids.ts";
import { ARTIFACT_BYTES_MAX, ARTIFACT_FILES_MAX, ARTIFACT_UNPACKED_BYTES_MAX } from "./limits.ts";

/** What the runner protocol says of artifacts; runner-protocol.ts tells the routes and the rules of all messages. */
const strict = { additionalProperties: false } as const;

const Sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
export const ArtifactName = Type.String({ pattern: "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$" });

/** What an artifact holds: a gzipped tar of so many bytes, and what comes out of it. */
const ArtifactContents = {
  size: Type.Integer({ minimum: 0, maximum: ARTIFACT_BYTES_MAX }),
  sha256: Sha256,
  files: Type.Integer({ minimum: 0, maximum: ARTIFACT_FILES_MAX }),
  unpacked_bytes: Type.Integer({ minimum: 0, maximum: ARTIFACT_UNPACKED_BYTES_MAX }),
};

/** Files of the checkout to keep when the steps have ended. */
export const ArtifactSpec = Type.Object(
  {
    name: ArtifactName,
    /** Globs from the checkout's root. */
    paths: Type.Array(Type.String(), { minItems: 1 }),
    when: Type.Enum(["success", "failure", "always"] as const),
    required: Type.Boolean(),
  },
  strict,
);
export type ArtifactSpec = Static<typeof ArtifactSpec>;

/** Files of an attempt that ended before, to have in the workspace before the first step. */
export const NeededArtifact = Type.Object(
  {
    job_key: Type.String(),
    attempt_id: Type.String({ pattern: UUID_PATTERN }),
    name: ArtifactName,
    ...ArtifactContents,
  },
  strict,
);
export type NeededArtifact = Static<typeof NeededArtifact>;

/** Files that the job asked for and that a job it needs did not leave. */
export const AbsentArtifact = Type.Object({ job_key: Type.String(), name: ArtifactName }, strict);
export type AbsentArtifact = Static<typeof AbsentArtifact>;

/** acked: bytes [0, acked) are durable. */
export const ArtifactReply = Type.Object({ acked: Type.Integer({ minimum: 0 }) }, strict);
export type ArtifactReply = Static<typeof ArtifactReply>;

/** The end of an artifact: from now on it can be read, and never changes. */
export const ArtifactCloseRequest = Type.Object(
  { epoch: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), ...ArtifactContents },
  strict,
);
export type ArtifactCloseRequest = Static<typeof ArtifactCloseRequest>;

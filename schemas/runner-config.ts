import { Type, type Static } from "typebox";
import { UUID_PATTERN } from "./ids.ts";
import { ClaimProof } from "./runner-protocol.ts";

const strict = { additionalProperties: false } as const;

/** A proof whose token the backend wrote to a file: read once and deleted before the first step. */
const IdentityFile = Type.Object(
  { kind: Type.Literal("nomad_identity_file"), file: Type.String({ minLength: 1, maxLength: 4_096 }) },
  strict,
);

/**
 * What a dispatcher tells the runner it starts: one JSON line on standard input, or a file that the runner
 * deletes once read. Never in the environment or the arguments, which processes of the job could read.
 */
export const RunnerConfig = Type.Object(
  {
    version: Type.Literal(1),
    /** `http://host:port`, `https://host:port` or `unix:/path`. */
    control_plane: Type.String({ maxLength: 2_048 }),
    attempt_id: Type.String({ pattern: UUID_PATTERN }),
    proof: Type.Union([ClaimProof, IdentityFile]),
    /** Absolute folder; the runner makes and removes one folder of its own in it. */
    workspace_root: Type.String({ minLength: 1, maxLength: 4_096 }),
    /** Who git and the steps run as; a runner that is told so must be root. Absent: the runner's own user. */
    step_user: Type.Optional(
      Type.Object(
        {
          uid: Type.Integer({ minimum: 1, maximum: 4_294_967_294 }),
          gid: Type.Integer({ minimum: 1, maximum: 4_294_967_294 }),
        },
        strict,
      ),
    ),
    /** Control group (version 2) that git and the steps run in, beside that of the runner; where it is not there they share the runner's. */
    step_group: Type.Optional(Type.String({ pattern: "^/[A-Za-z0-9._/-]+$", maxLength: 4_096 })),
    /** Variables of the runner's own environment that steps may see; a trailing `*` matches any rest. */
    inherit_env: Type.Array(Type.String({ pattern: "^([A-Za-z_][A-Za-z0-9_]*)?\\*?$", minLength: 1 }), {
      maxItems: 256,
    }),
  },
  strict,
);
export type RunnerConfig = Static<typeof RunnerConfig>;
export type StepUser = NonNullable<RunnerConfig["step_user"]>;

/** What `delta-runner sweep` is told, the same way: whose processes and workspace to end. */
export const SweepConfig = Type.Pick(RunnerConfig, ["version", "attempt_id", "workspace_root"], strict);
export type SweepConfig = Static<typeof SweepConfig>;

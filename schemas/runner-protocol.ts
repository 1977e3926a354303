import { Type, type Static } from "typebox";
import { UUID_PATTERN } from "./ids.ts";
import { AbsentArtifact, ArtifactSpec, NeededArtifact } from "./artifact-messages.ts";
import {
  ARTIFACTS_MAX,
  NEEDED_ARTIFACTS_MAX,
  OUTPUTS_BYTES_MAX,
  OUTPUTS_MAX,
  STEPS_MAX,
  SUMMARY_CHARACTERS_MAX,
} from "./limits.ts";

/**
 * Runner protocol, version 1: the bodies of `/runner/v1`; those of artifacts are in artifact-messages.ts. docs/protocol.md tells the order of calls.
 *
 * A claim is authorised by a proof that the dispatcher gave to this one attempt. Every later call
 * carries `authorization: Bearer <lease token>` and the epoch. Unknown fields and enum values are
 * refused with 400. A lease that is not live gets 409 `stale_lease`, and the runner stops at once.
 * `seq` numbers the messages of one type on one lease from 1: a repeat gets the stored answer, the
 * same number with another body is 409 `seq_conflict`.
 *
 *   POST /runner/v1/claim                         ClaimRequest -> ClaimReply
 *   POST /runner/v1/leases/:lease/ack             AckRequest -> AckReply
 *   POST /runner/v1/leases/:lease/heartbeat       HeartbeatRequest -> HeartbeatReply
 *   POST /runner/v1/leases/:lease/logs/:stream?epoch=&offset=   bytes -> LogReply
 *   POST /runner/v1/leases/:lease/logs/:stream/close            LogCloseRequest -> LogReply
 *   GET  /runner/v1/leases/:lease/artifacts/:attempt/:name?epoch=&offset=   -> the next bytes, none at the end
 *   POST /runner/v1/leases/:lease/artifacts/:name?epoch=&offset=   bytes -> ArtifactReply
 *   POST /runner/v1/leases/:lease/artifacts/:name/close            ArtifactCloseRequest -> ArtifactReply
 *   POST /runner/v1/leases/:lease/complete        CompleteRequest -> CompleteReply
 *   POST /runner/v1/leases/:lease/cancel-ack      CancelAckRequest -> CompleteReply
 *   GET|POST /runner/v1/leases/:lease/source.git/...            git smart HTTP, read only
 */
const strict = { additionalProperties: false } as const;

/** Largest whole number JSON keeps exact everywhere. */
const Epoch = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Sequence = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Milliseconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Uuid = Type.String({ pattern: UUID_PATTERN });
/** 256 random bits in base64url, for claim and lease tokens. */
const Token = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });

export const ClaimProof = Type.Union([
  Type.Object({ kind: Type.Literal("claim_token"), token: Token }, strict),
  Type.Object(
    { kind: Type.Literal("nomad_identity"), jwt: Type.String({ minLength: 20, maxLength: 8_192 }) },
    strict,
  ),
]);
export type ClaimProof = Static<typeof ClaimProof>;

export const ClaimRequest = Type.Object(
  {
    attempt_id: Uuid,
    proof: ClaimProof,
    /** Random per start of a runner process: a second start of the same allocation has another. */
    boot_nonce: Type.String({ pattern: "^[A-Za-z0-9_-]{22,64}$" }),
    runner: Type.Object(
      {
        version: Type.String({ maxLength: 64 }),
        os: Type.String({ maxLength: 32 }),
        arch: Type.String({ maxLength: 32 }),
        hostname: Type.String({ maxLength: 256 }),
      },
      strict,
    ),
  },
  strict,
);
export type ClaimRequest = Static<typeof ClaimRequest>;

export const StepSpec = Type.Object(
  {
    name: Type.String(),
    run: Type.String(),
    env: Type.Record(Type.String(), Type.String()),
    timeout_ms: Type.Union([Milliseconds, Type.Null()]),
    continue_on_error: Type.Boolean(),
    always: Type.Boolean(),
  },
  strict,
);

export type StepSpec = Static<typeof StepSpec>;

/** Everything a runner may know about its attempt. It holds no secret but the lease token beside it. */
export const AttemptSpec = Type.Object(
  {
    run_id: Uuid,
    job_key: Type.String(),
    attempt_number: Type.Integer({ minimum: 1 }),
    /** Commit to check out, from the git smart HTTP endpoint of this lease. */
    commit: Type.String({ pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" }),
    ref: Type.String(),
    /** Commits of history to fetch, null for all of it. Null instead of the object: an empty workspace. */
    checkout: Type.Union([
      Type.Object({ depth: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]) }, strict),
      Type.Null(),
    ]),
    workdir: Type.String(),
    shell: Type.Array(Type.String(), { minItems: 1, maxItems: 16 }),
    env: Type.Record(Type.String(), Type.String()),
    steps: Type.Array(StepSpec, { maxItems: STEPS_MAX }),
    timeout_ms: Milliseconds,
    /** The attempt ends when its steps write nothing for this long; null: never for that. */
    no_output_timeout_ms: Type.Union([Milliseconds, Type.Null()]),
    /** Names that steps may write to the file DELTA_OUTPUT. */
    outputs: Type.Array(Type.String(), { maxItems: OUTPUTS_MAX }),
    artifacts: Type.Array(ArtifactSpec, { maxItems: ARTIFACTS_MAX }),
    /** In the order they are unpacked: of two that hold one path the later one's file stays. */
    needed_artifacts: Type.Array(NeededArtifact, { maxItems: NEEDED_ARTIFACTS_MAX }),
    /** Told in the log: a job may well do without them. */
    absent_artifacts: Type.Array(AbsentArtifact, { maxItems: NEEDED_ARTIFACTS_MAX }),
    cancel_signal: Type.Enum(["SIGTERM", "SIGINT"] as const),
    cancel_grace_ms: Milliseconds,
    log_bytes_max: Type.Integer({ minimum: 0 }),
    /** Values to mask in every log stream. */
    masks: Type.Array(Type.String()),
  },
  strict,
);
export type AttemptSpec = Static<typeof AttemptSpec>;

export const ClaimReply = Type.Object(
  {
    lease: Type.Object(
      {
        id: Uuid,
        token: Token,
        epoch: Epoch,
        ttl_ms: Milliseconds,
        heartbeat_interval_ms: Milliseconds,
        margin_ms: Milliseconds,
      },
      strict,
    ),
    spec: AttemptSpec,
  },
  strict,
);
export type ClaimReply = Static<typeof ClaimReply>;

export const AckRequest = Type.Object({ epoch: Epoch, seq: Sequence }, strict);
export type AckRequest = Static<typeof AckRequest>;
export const AckReply = Type.Object({ status: Type.Literal("ok") }, strict);
export type AckReply = Static<typeof AckReply>;

export const StepReport = Type.Object(
  {
    index: Type.Integer({ minimum: 0, maximum: STEPS_MAX - 1 }),
    state: Type.Enum(["running", "succeeded", "failed", "skipped", "canceled", "timed_out"] as const),
    exit_code: Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()]),
    signal: Type.Union([Type.String({ maxLength: 16 }), Type.Null()]),
    /** Measured by the runner's monotonic clock; shown to people, used for no decision. */
    duration_ms: Type.Union([Milliseconds, Type.Null()]),
  },
  strict,
);
export type StepReport = Static<typeof StepReport>;

export const HeartbeatRequest = Type.Object(
  {
    epoch: Epoch,
    seq: Sequence,
    phase: Type.Enum(["starting", "running", "uploading"] as const),
    steps: Type.Array(StepReport, { maxItems: STEPS_MAX }),
  },
  strict,
);
export type HeartbeatRequest = Static<typeof HeartbeatRequest>;

export const HeartbeatReply = Type.Union([
  Type.Object({ status: Type.Literal("extended"), ttl_ms: Milliseconds }, strict),
  Type.Object(
    { status: Type.Literal("cancel"), reason: Type.String(), ttl_ms: Milliseconds, grace_ms: Milliseconds },
    strict,
  ),
]);
export type HeartbeatReply = Static<typeof HeartbeatReply>;

/** acked: bytes [0, acked) are durable. On 409 and 416 it tells the runner where to go on. */
export const LogReply = Type.Object({ acked: Type.Integer({ minimum: 0 }) }, strict);
export type LogReply = Static<typeof LogReply>;

export const LogCloseRequest = Type.Object(
  {
    epoch: Epoch,
    size: Type.Integer({ minimum: 0 }),
    sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    truncated: Type.Boolean(),
  },
  strict,
);
export type LogCloseRequest = Static<typeof LogCloseRequest>;

/** No text with a NUL can be stored, or be in an environment. */
const Outputs = Type.Record(
  Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_-]{0,62}$" }),
  Type.String({ maxLength: OUTPUTS_BYTES_MAX, pattern: "^[^\\u0000]*$" }),
  { maxProperties: OUTPUTS_MAX },
);

/** What a runner may claim about its own end; the control plane decides what follows from it. */
export const RUNNER_OUTCOMES = ["succeeded", "failed", "timed_out"] as const;
export const RUNNER_REASONS = [
  "ok",
  "step_failed",
  "step_timeout",
  "attempt_timeout",
  "no_output_timeout",
  "outputs_invalid",
  "oom",
  "signaled",
  "command_not_found",
  "checkout_failed",
  "artifact_missing",
  "artifact_refused",
  "artifact_failed",
  "runner_error",
] as const;

export const CompleteRequest = Type.Object(
  {
    epoch: Epoch,
    seq: Sequence,
    outcome: Type.Enum(RUNNER_OUTCOMES),
    reason: Type.Enum(RUNNER_REASONS),
    exit_code: Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()]),
    summary: Type.String({ maxLength: SUMMARY_CHARACTERS_MAX }),
    steps: Type.Array(StepReport, { maxItems: STEPS_MAX }),
    /** What the steps handed on, by names of the spec. Absent: nothing. */
    outputs: Type.Optional(Outputs),
  },
  strict,
);
export type CompleteRequest = Static<typeof CompleteRequest>;

export const CancelAckRequest = Type.Object(
  {
    epoch: Epoch,
    seq: Sequence,
    /** How the stop was confirmed: every process of the job's group is gone, or it never started. */
    confirmed: Type.Enum(["process_group_gone", "never_started"] as const),
    killed: Type.Boolean(),
    steps: Type.Array(StepReport, { maxItems: STEPS_MAX }),
  },
  strict,
);
export type CancelAckRequest = Static<typeof CancelAckRequest>;

/** state: the attempt's terminal state as the control plane stored it. */
export const CompleteReply = Type.Object({ state: Type.String() }, strict);
export type CompleteReply = Static<typeof CompleteReply>;

export const PROTOCOL_ERROR_CODES = [
  "invalid_request",
  "unauthorized",
  "stale_lease",
  "seq_conflict",
  "order",
  "log_conflict",
  "log_gap",
  "log_mismatch",
  "log_closed",
  "artifact_conflict",
  "artifact_gap",
  "artifact_mismatch",
  "artifact_closed",
  "artifact_gone",
  "too_large",
  "too_many_requests",
  "unavailable",
  "not_found",
  "internal",
] as const;
export type ProtocolErrorCode = (typeof PROTOCOL_ERROR_CODES)[number];

export const ProtocolError = Type.Object(
  {
    error: Type.Enum(PROTOCOL_ERROR_CODES),
    message: Type.String(),
    acked: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  strict,
);
export type ProtocolError = Static<typeof ProtocolError>;

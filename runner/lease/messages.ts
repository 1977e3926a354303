import type { HeartbeatRequest, StepReport } from "../../schemas/runner-protocol.ts";

/** What the heartbeat thread is started with. */
export interface HeartbeatThreadData {
  readonly role: "heartbeat";
  readonly controlPlane: string;
  readonly lease: { readonly id: string; readonly token: string; readonly epoch: number };
  /** The reply to the claim: when it was asked for on the monotonic clock, and what it granted. */
  readonly askedAtMs: number;
  readonly ttlMs: number;
  readonly marginMs: number;
  readonly intervalMs: number;
}

export type Progress = {
  readonly phase: HeartbeatRequest["phase"];
  readonly steps: readonly StepReport[];
};

export type ToHeartbeatThread =
  /** The lease is acknowledged: heartbeats may begin. Until then only its end is watched. */
  | { readonly type: "begin" }
  | { readonly type: "progress"; readonly progress: Progress }
  /** Ask now instead of at the next interval. */
  | { readonly type: "beat" }
  | { readonly type: "end" };

export type FromHeartbeatThread =
  | { readonly type: "renewed" }
  | { readonly type: "cancel"; readonly reason: string; readonly graceMs: number }
  | { readonly type: "lost"; readonly why: string };

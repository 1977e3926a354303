import { HEARTBEAT_INTERVAL_MS, LEASE_MARGIN_MS, LEASE_TTL_MS } from "../../schemas/limits.ts";

/** How long a lease lives without a renewal, and what its holder is told about renewing it. */
export interface LeaseTiming {
  readonly ttlMs: number;
  readonly heartbeatIntervalMs: number;
  readonly marginMs: number;
}

export const LEASE_TIMING_DEFAULT: LeaseTiming = {
  ttlMs: LEASE_TTL_MS,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
  marginMs: LEASE_MARGIN_MS,
};

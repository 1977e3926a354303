import type { ProtocolErrorCode } from "../../schemas/runner-protocol.ts";

/** Statuses after which the same request may succeed: overload, restart, a slow body. */
const TEMPORARY_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The control plane answered, and the answer is no. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  /** null when the answer was not one of the protocol, as from a proxy between. */
  readonly code: ProtocolErrorCode | null;
  /** Where a log stream goes on, when the answer says so. */
  readonly acked: number | null;
  readonly retryAfterMs: number | null;

  constructor(
    status: number,
    code: ProtocolErrorCode | null,
    message: string,
    details: { readonly acked?: number | undefined; readonly retryAfterMs?: number | null } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.acked = details.acked ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  /** An answer that is not of the protocol came from something in between, which may go away. */
  get temporary(): boolean {
    return this.code === null || TEMPORARY_STATUSES.has(this.status);
  }

  /** The lease is not live: nothing this runner says is heard any more. */
  get endsLease(): boolean {
    return this.code === "stale_lease" || this.code === "unauthorized" || this.code === "not_found";
  }
}

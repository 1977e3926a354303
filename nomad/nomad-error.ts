/**
 * What can go wrong between us and Nomad, as a closed list. Nomad answers in plain text and gives 500
 * to most refusals, so the class is read from the text (nomad-error-text.ts).
 *
 * unreachable: no connection, or it broke. timeout: no full answer in time. unavailable: no leader,
 * shutting down, or our own circuit breaker is open. busy: 429. denied: 403. disabled: job
 * registration is switched off by the operators. exists: the create-only register found a job of
 * that name. not_found: 404. invalid: Nomad read the request and refuses it for good.
 * malformed: the answer is not what the API promises.
 */
export type NomadFailure =
  | "unreachable"
  | "timeout"
  | "unavailable"
  | "busy"
  | "denied"
  | "disabled"
  | "exists"
  | "not_found"
  | "invalid"
  | "malformed";

/** Failures that speak against Nomad's health; the circuit breaker counts these and no others. */
const UNHEALTHY: readonly NomadFailure[] = ["unreachable", "timeout", "unavailable", "busy"];

export class NomadError extends Error {
  override readonly name = "NomadError";
  readonly failure: NomadFailure;
  /** Nomad's own wish, from Retry-After. Milliseconds; null when it named none. */
  readonly retryAfterMs: number | null;

  constructor(
    failure: NomadFailure,
    message: string,
    options: { readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    this.failure = failure;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }

  get isUnhealthy(): boolean {
    return UNHEALTHY.includes(this.failure);
  }
}

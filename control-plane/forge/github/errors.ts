import { RequestError } from "octokit";
import { ForgeError } from "../../../schemas/forge.ts";

/** When GitHub limits us and does not say for how long; the pause its documentation asks for. */
const RATE_LIMIT_PAUSE_MS = 60_000;

type Answer = NonNullable<RequestError["response"]>;

/**
 * What a failed call to GitHub means for whoever called. A status of GitHub's own is told apart from
 * a connection that failed: of the latter nobody knows whether the call was carried out.
 */
export function forgeError(error: unknown, nowMs: number): ForgeError {
  if (error instanceof ForgeError) {
    return error;
  }
  if (!(error instanceof RequestError) || error.response === undefined) {
    return new ForgeError("retry", `GitHub gave no answer: ${messageOf(error)}`, null, error);
  }
  const { status } = error;
  const said = `GitHub answered ${status}: ${error.message}`;
  const wait = rateLimitWaitMs(error.response, error.message, nowMs);
  if (wait !== null) {
    return new ForgeError("rate_limited", said, wait, error);
  }
  if (status === 401 || status === 403) {
    return new ForgeError("unauthorized", said, null, error);
  }
  if (status === 404 || status === 410 || status === 451) {
    return new ForgeError("gone", said, null, error);
  }
  if (status >= 500 || status === 408 || status === 409) {
    return new ForgeError("retry", said, retryAfterMs(error.response), error);
  }
  return new ForgeError("rejected", said, null, error);
}

/** How long to wait when the answer is a rate limit, primary or secondary; null when it is none. */
function rateLimitWaitMs(answer: Answer, message: string, nowMs: number): number | null {
  if (answer.status !== 403 && answer.status !== 429) {
    return null;
  }
  const told = retryAfterMs(answer);
  if (told !== null) {
    return told;
  }
  if (answer.headers["x-ratelimit-remaining"] === "0") {
    const resetMs = Number(answer.headers["x-ratelimit-reset"]) * 1000;
    return Number.isFinite(resetMs) ? Math.max(1_000, resetMs - nowMs) : RATE_LIMIT_PAUSE_MS;
  }
  return answer.status === 429 || /secondary rate limit/i.test(message) ? RATE_LIMIT_PAUSE_MS : null;
}

function retryAfterMs(answer: Answer): number | null {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 && answer.headers["retry-after"] !== undefined
    ? seconds * 1000
    : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

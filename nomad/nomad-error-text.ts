import { NomadError, type NomadFailure } from "./nomad-error.ts";

/** A forwarded call gets an "rpc error:" prefix, so every text is looked for anywhere in the body. */
const EXISTS = /Enforcing job modify index 0: job already exists/i;
const DISABLED = /registration,? dispatch,? and scale are disabled|job registration.*disabled/i;
const DENIED = /permission denied|acl token not found|acl token expired|token is invalid/i;
const NOT_FOUND = /\b(job|alloc(ation)?|eval(uation)?|node)( "[^"]*")? not found\b/i;
/**
 * Texts of a 500 that repeating cannot cure. Anything that is not here counts as passing trouble: a
 * needless repeat of a create-only call costs nothing, a wrong refusal costs an attempt.
 */
const INVALID =
  /validation failed|errors? occurred:|nonexistent (namespace|node pool)|does not allow|job priority must|Missing (job|task)|unsupported|contains unset/i;

/** The longest piece of Nomad's text that we repeat in our own messages. */
const QUOTED_CHARACTERS_MAX = 600;

/** Maps a status that is not 2xx and its plain-text body to a typed error. `what` names the call. */
export function nomadErrorFromAnswer(
  what: string,
  status: number,
  body: string,
  retryAfter: string | null,
): NomadError {
  const text = body.trim().slice(0, QUOTED_CHARACTERS_MAX);
  const message = `${what}: Nomad answered ${status}${text === "" ? "" : `: ${text}`}`;
  return new NomadError(failureOf(status, body), message, { retryAfterMs: retryAfterToMs(retryAfter) });
}

function failureOf(status: number, body: string): NomadFailure {
  if (status === 429) return "busy";
  if (EXISTS.test(body)) return "exists";
  if (DISABLED.test(body)) return "disabled";
  if (status === 401 || status === 403 || DENIED.test(body)) return "denied";
  if (status === 404 || NOT_FOUND.test(body)) return "not_found";
  if (status >= 400 && status < 500) return "invalid";
  return INVALID.test(body) ? "invalid" : "unavailable";
}

/** The longest wait that we grant to a Retry-After: a wrong header must not park a queue for hours. */
const RETRY_AFTER_MS_MAX = 60_000;

/** Whole seconds only: Nomad and the balancers in front of it send no other form. */
export function retryAfterToMs(header: string | null): number | null {
  if (header === null || !/^\d{1,9}$/.test(header.trim())) return null;
  return Math.min(Number(header) * 1_000, RETRY_AFTER_MS_MAX);
}

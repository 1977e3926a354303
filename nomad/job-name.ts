import type { AttemptId } from "../schemas/ids.ts";
import { isUuid } from "../schemas/ids.ts";

/**
 * The Nomad job of an attempt has one name for ever: `delta-<installation>-<attempt id>`. All names of
 * one installation have the same length and none is a prefix of another, so that a rule or a search by
 * prefix never meets a foreign job.
 */
export function jobNamePrefix(installation: string): string {
  return `delta-${installation}-`;
}

export function jobNameOf(installation: string, attemptId: AttemptId): string {
  return jobNamePrefix(installation) + attemptId;
}

/** null for a job that is not one of ours, e.g. the relay. */
export function attemptOfJobName(installation: string, name: string): AttemptId | null {
  const prefix = jobNamePrefix(installation);
  const rest = name.slice(prefix.length);
  return name.startsWith(prefix) && isUuid(rest) ? (rest as AttemptId) : null;
}

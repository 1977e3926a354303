import type { ApiClient } from "../api-client.ts";
import { CliFailure } from "../failure.ts";
import { openHere } from "../repository.ts";
import { bad, note, ok, type Finding } from "./finding.ts";

/** A clock this far from the server's makes times in lists misleading and app tokens invalid. */
const CLOCK_SKEW_MS_MAX = 5_000;

export async function checkRepository(): Promise<Finding> {
  try {
    return ok("repository", (await openHere()).path);
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    const advice = error.hint ?? "Run it inside a git repository.";
    return error.code === "not_a_git_repository"
      ? note("repository", "none here", advice)
      : bad("repository", error.message, advice);
  }
}

/** The server of this state folder, and how far its clock is from ours. */
export async function checkServer(client: ApiClient | null): Promise<Finding[]> {
  if (client === null)
    return [note("server", "none runs", "`delta run` starts one for itself, `delta up` one that stays.")];
  const { url } = client.address;
  try {
    const askedAt = Date.now();
    const response = await fetch(new URL("/api/v1/health", url), { signal: AbortSignal.timeout(3_000) });
    const date = Date.parse(response.headers.get("date") ?? "");
    const health = await client.health();
    return [
      ok("server", `${url}, version ${health.version}, ${health.dispatcher}`),
      checkClock(date, askedAt),
    ];
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return [bad("server", `${url}: ${what}`, "Start it with `delta up`, or correct --server.")];
  }
}

function checkClock(serverMs: number, ownMs: number): Finding {
  const skewMs = Math.abs(serverMs - ownMs);
  // The header has whole seconds.
  if (Number.isNaN(serverMs) || skewMs <= CLOCK_SKEW_MS_MAX) return ok("clock", "agrees with the server's");
  return bad(
    "clock",
    `${Math.round(skewMs / 1000)} s from the server's`,
    "Set the clock of one of them, best by NTP.",
  );
}

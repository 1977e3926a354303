import { setTimeout as delay } from "node:timers/promises";
import type { ServerResponse } from "node:http";

/**
 * What a route may be told to do instead of answering as GitHub would.
 *
 * answer: reply with this status without doing the work.
 * drop: close the connection, before the work or after it (the outcome is then unknown to the caller).
 * stall: hold the answer for so long; the work is done first when `after` says so.
 */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: 401 | 403 | 404 | 409 | 410 | 422 | 429 | 500 | 502 | 503;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  | { readonly kind: "drop"; readonly when: "before" | "after" }
  | { readonly kind: "stall"; readonly when: "before" | "after"; readonly ms: number };

/** GitHub's answer when too many writes come at once. */
export function secondaryRateLimit(retryAfterSeconds: number): Fault {
  return {
    kind: "answer",
    status: 403,
    headers: { "retry-after": String(retryAfterSeconds) },
    message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
  };
}

/** GitHub's answer when the hourly quota is used up. */
export function primaryRateLimit(resetAtSeconds: number): Fault {
  return {
    kind: "answer",
    status: 403,
    headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(resetAtSeconds) },
    message: "API rate limit exceeded for installation.",
  };
}

/** Faults waiting per route, first told first used; `times` of them each. */
export class Faults {
  readonly #waiting = new Map<string, Fault[]>();

  add(route: string, fault: Fault, times = 1): void {
    const list = this.#waiting.get(route) ?? [];
    for (let count = 0; count < times; count++) list.push(fault);
    this.#waiting.set(route, list);
  }

  clear(): void {
    this.#waiting.clear();
  }

  take(route: string): Fault | null {
    return this.#waiting.get(route)?.shift() ?? null;
  }
}

/** Carries out the fault around the work. Resolves to false when the response has been dealt with. */
export async function suffer(
  fault: Fault | null,
  when: "before" | "after",
  response: ServerResponse,
): Promise<boolean> {
  if (fault === null) return true;
  if (fault.kind === "answer") {
    if (when === "after") return false;
    response.writeHead(fault.status, { "content-type": "application/json; charset=utf-8", ...fault.headers });
    response.end(JSON.stringify({ message: fault.message ?? `told to answer ${fault.status}` }));
    return false;
  }
  if (fault.when !== when) return true;
  if (fault.kind === "drop") {
    response.destroy();
    return false;
  }
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  await delay(fault.ms, undefined, { signal: gone.signal }).catch(() => undefined);
  return !gone.signal.aborted;
}

import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "./backoff.ts";
import type { NomadClient } from "./client.ts";
import type { Hint } from "../schemas/dispatcher.ts";
import { type AttemptId, isUuid } from "../schemas/ids.ts";
import { jobNamePrefix } from "./job-name.ts";

export interface HintStream {
  start(): void;
  close(): Promise<void>;
}

/** Many events in a row make one hint. */
const COALESCE_MS = 200;
const UUID_BYTES = 36;

export interface HintStreamOptions {
  readonly installation: string;
  readonly onHint: (hint: Hint) => void;
  /** After so long without a byte, heartbeats included, the connection is given up for another. */
  readonly silenceMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Turns Nomad's event stream into "look again at these". The stream may skip, repeat and reorder without
 * a sign, so nothing in it is believed: it is only searched for names of jobs of ours, as bytes.
 * Every new connection is a hint about any attempt, since anything may have happened in between.
 */
export function createHintStream(
  client: NomadClient,
  { installation, onHint, silenceMs, random }: HintStreamOptions,
): HintStream {
  const end = new AbortController();
  const wanted = Buffer.from(`"${jobNamePrefix(installation)}`);
  let running: Promise<void> | null = null;
  let pending: NodeJS.Timeout | null = null;
  let isAny = false;
  let moved = new Set<AttemptId>();

  const hint = (attempts: readonly AttemptId[] | null): void => {
    if (end.signal.aborted) return;
    isAny ||= attempts === null;
    for (const attempt of attempts ?? []) moved.add(attempt);
    pending ??= setTimeout(() => {
      const told: Hint = isAny ? "any" : [...moved];
      pending = null;
      isAny = false;
      moved = new Set();
      onHint(told);
    }, COALESCE_MS);
  };

  const listen = async (): Promise<boolean> => {
    const listening = new AbortController();
    const leave = (): void => listening.abort();
    const watch = setTimeout(leave, silenceMs);
    end.signal.addEventListener("abort", leave, { once: true });
    // Events of jobs carry whole jobs, and nothing happens to one without an evaluation.
    const topics = ["Allocation", "Evaluation"].map((topic) => ["topic", topic] as const);
    let heard = false;
    try {
      const response = await client.open("/event/stream", topics, listening.signal);
      hint(null);
      let tail: Buffer = Buffer.alloc(0);
      for await (const piece of response.body as AsyncIterable<Buffer>) {
        heard = true;
        watch.refresh();
        const text = Buffer.concat([tail, piece]);
        const attempts = attemptsIn(text, wanted);
        if (attempts.length > 0) hint(attempts);
        // Too short for a whole name, so none is cut in two.
        tail = text.subarray(Math.max(0, text.length - wanted.length - UUID_BYTES + 1));
      }
    } catch {
      // A stream that breaks is an ordinary event; the periodic listing does not depend on it.
    } finally {
      clearTimeout(watch);
      end.signal.removeEventListener("abort", leave);
    }
    return heard;
  };

  const loop = async (): Promise<void> => {
    let failures = 0;
    while (!end.signal.aborted) {
      // A refused stream can look like an answer that ends at once: only bytes count as success.
      failures = (await listen()) ? 1 : failures + 1;
      await delay(backoffMs(failures, random), null, { signal: end.signal }).catch(() => null);
    }
  };

  return {
    start() {
      running ??= loop();
    },
    async close() {
      end.abort();
      if (pending !== null) clearTimeout(pending);
      await running;
    },
  };
}

/** The attempts whose jobs are named in the text, each as often as it is. */
function attemptsIn(text: Buffer, wanted: Buffer): AttemptId[] {
  const attempts: AttemptId[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const begin = at + wanted.length;
    const id = text.toString("latin1", begin, begin + UUID_BYTES);
    if (isUuid(id)) attempts.push(id as AttemptId);
  }
  return attempts;
}

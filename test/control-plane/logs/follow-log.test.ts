import { describe, expect, test } from "vitest";
import { followLog } from "../../../control-plane/logs/follow-log.ts";
import { LogSignals } from "../../../control-plane/logs/log-signals.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { insertLease } from "../../support/leases.ts";
import { logIngressWorld } from "../../support/log-ingress-world.ts";

describe("following a log", () => {
  test("gives what is there, then what comes, and ends when the stream is closed", async () => {
    const made = await logIngressWorld();
    await made.append(0, "one ");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of followLog(made, made.attempt, 1, 0, new AbortController().signal)) {
        seen.push(Buffer.from(bytes).toString());
        if (seen.length === 1) await made.append(4, "two");
        if (seen.length === 2) await made.close("one two");
      }
    })();
    await reading;
    expect(seen).toEqual(["one ", "two"]);
  });

  test("notices bytes that another process wrote", async () => {
    const made = await logIngressWorld();
    const other = { ...made, signals: new LogSignals() };
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of followLog(other, made.attempt, 1, 0, new AbortController().signal)) {
        seen.push(Buffer.from(bytes).toString());
      }
    })();
    await made.append(0, "one");
    await made.close("one");
    await reading;
    expect(seen.join("")).toBe("one");
  });

  test("ends when nothing can come any more, and when the reader leaves", async () => {
    const made = await logIngressWorld();
    await made.database`
      update delta.attempts set state = 'lost', reason = 'runner_lost', wake_at = null,
        finalized_at = clock_timestamp() - interval '1 hour'`;
    for await (const _bytes of followLog(made, made.attempt, 7, 0, new AbortController().signal)) {
      throw new Error("there is nothing to read");
    }
    const live = await insertLease(made.database);
    const abort = new AbortController();
    const reading = (async () => {
      for await (const _bytes of followLog(made, live.attemptId as AttemptId, 1, 0, abort.signal)) {
        throw new Error("there is nothing to read");
      }
    })();
    abort.abort();
    await reading;
  });
});

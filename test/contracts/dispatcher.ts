import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Dispatcher, DispatchRequest } from "../../schemas/dispatcher.ts";
import type { AttemptId } from "../../schemas/ids.ts";

/** One backend for one case. */
export interface DispatcherWorld {
  /** Started. */
  readonly dispatcher: Dispatcher;
  /** A new request that the backend accepts and whose runner stays until it is stopped or ended. */
  request(): DispatchRequest;
  /** How many runners were ever started for the attempt, seen without the dispatcher. */
  starts(attemptId: AttemptId): Promise<number>;
  /** How many runners of the attempt run now, seen without the dispatcher. */
  running(attemptId: AttemptId): Promise<number>;
  /** The runner of the attempt ends by itself. */
  endRunner(attemptId: AttemptId): Promise<void>;
  /** A second, started dispatcher on the same backend, as after the first control plane was killed. */
  reopen(): Promise<Dispatcher>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

/** Backends with virtual machines are slow; every wait of the suite ends by then. */
const WAIT_MS = 60_000;
const WAIT = { timeout: WAIT_MS };

/** What every dispatcher promises; see schemas/dispatcher.ts. */
export function dispatcherContract(name: string, makeWorld: () => Promise<DispatcherWorld>): void {
  describe(`${name} as a dispatcher`, { timeout: WAIT_MS * 2 }, () => {
    let world: DispatcherWorld;
    beforeEach(async () => {
      world = await makeWorld();
    });
    afterEach(async () => {
      await world.dispose();
    });

    test("an attempt that was never dispatched is absent, and stopping it finds it gone", async () => {
      const { attemptId } = world.request();
      expect(await world.dispatcher.observe([attemptId])).toMatchObject([{ attemptId, state: "absent" }]);
      expect(await world.dispatcher.stop({ attemptId, graceMs: 100 })).toEqual({ status: "gone" });
    });

    test("a dispatched attempt has one runner and is seen pending or running", async () => {
      const request = world.request();
      expect(await world.dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
      expect(await stateOf(world.dispatcher, request)).toMatch(/^(pending|running)$/);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
    });

    test("repeating a request starts no second runner and names the first", async () => {
      const request = world.request();
      const first = await world.dispatcher.dispatch(request);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
      expect(await world.dispatcher.dispatch(structuredClone(request))).toEqual(first);
      await stopAndWait(world.dispatcher, request);
      expect(await world.starts(request.attemptId)).toBe(1);
    });

    test("the same request many times at once starts one runner", async () => {
      const request = world.request();
      const results = await Promise.all(
        Array.from({ length: 5 }, () => world.dispatcher.dispatch(structuredClone(request))),
      );
      const accepted = results.filter((result) => result.status === "accepted");
      expect(accepted.length).toBeGreaterThan(0);
      expect(new Set(accepted.map((result) => JSON.stringify(result))).size).toBe(1);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
      await stopAndWait(world.dispatcher, request);
      expect(await world.starts(request.attemptId)).toBe(1);
    });

    test("a stop says gone only when the runner is gone, and may be repeated", async () => {
      const request = world.request();
      await world.dispatcher.dispatch(request);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
      await stopAndWait(world.dispatcher, request);
      expect(await world.running(request.attemptId)).toBe(0);
      expect(await world.dispatcher.stop({ attemptId: request.attemptId, graceMs: 100 })).toEqual({
        status: "gone",
      });
    });

    test("a stop leaves other attempts alone, and those are seen though nobody names them", async () => {
      const [stopped, other] = [world.request(), world.request()];
      await world.dispatcher.dispatch(stopped);
      await world.dispatcher.dispatch(other);
      await expect.poll(() => world.running(other.attemptId), WAIT).toBe(1);
      await stopAndWait(world.dispatcher, stopped);
      expect(await world.running(other.attemptId)).toBe(1);
      expect(await world.dispatcher.list(null)).toMatchObject({
        attempts: expect.arrayContaining([other.attemptId]),
        changed: expect.arrayContaining([other.attemptId]),
      });
    });

    test("a runner that ended is seen exited, and its attempt is not started again", async () => {
      const request = world.request();
      await world.dispatcher.dispatch(request);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
      await world.endRunner(request.attemptId);
      await expect.poll(() => stateOf(world.dispatcher, request), WAIT).toBe("exited");
      expect(await world.dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
      expect(await world.starts(request.attemptId)).toBe(1);
      await stopAndWait(world.dispatcher, request);
    });

    test("a control plane started anew sees, does not repeat, and can stop what the last one started", async () => {
      const request = world.request();
      const first = await world.dispatcher.dispatch(request);
      await expect.poll(() => world.running(request.attemptId), WAIT).toBe(1);
      const next = await world.reopen();
      expect(await stateOf(next, request)).toMatch(/^(pending|running)$/);
      expect(await next.dispatch(request)).toEqual(first);
      expect(await world.starts(request.attemptId)).toBe(1);
      await stopAndWait(next, request);
      expect(await world.running(request.attemptId)).toBe(0);
    });

    test("close may be repeated", async () => {
      await world.dispatcher.close();
      await world.dispatcher.close();
    });
  });
}

async function stateOf(dispatcher: Dispatcher, { attemptId }: DispatchRequest) {
  const observations = await dispatcher.observe([attemptId]);
  return observations.find((observation) => observation.attemptId === attemptId)?.state;
}

async function stopAndWait(dispatcher: Dispatcher, { attemptId }: DispatchRequest): Promise<void> {
  await expect.poll(() => dispatcher.stop({ attemptId, graceMs: 500 }), WAIT).toEqual({ status: "gone" });
}

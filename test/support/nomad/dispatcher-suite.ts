import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import type { NomadConfig } from "../../../nomad/config.ts";
import type { Hint } from "../../../schemas/dispatcher.ts";
import { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import { allocationsOf, type Cluster, untilGone, untilObserved } from "./cluster.ts";
import { withDeadline } from "../deadline.ts";
import { dispatchRequest, nomadConfig } from "./requests.ts";

/** What the dispatcher promises on any Nomad; run on the fake and on a real agent. */
export function describeNomadDispatcher(cluster: () => Cluster): void {
  const open = (changes: Partial<NomadConfig> = {}) => {
    const config = nomadConfig(cluster().address, changes);
    const dispatcher = new NomadDispatcher(config);
    onTestFinished(() => dispatcher.close());
    return { config, dispatcher };
  };

  describe("dispatch", () => {
    test("the same request twice starts one runner", async () => {
      const { config, dispatcher } = open();
      const request = dispatchRequest();
      const first = await dispatcher.dispatch(request);
      expect(first).toEqual({
        status: "accepted",
        backendRef: jobNameOf(config.installation, request.attemptId),
      });
      expect(await dispatcher.dispatch(request)).toEqual(first);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
      expect(await allocationsOf(cluster(), jobNameOf(config.installation, request.attemptId))).toBe(1);
      await untilGone(cluster(), dispatcher, request.attemptId);
    });

    test("thirty control planes that dispatch one request at once start one runner", async () => {
      const { config } = open();
      const request = dispatchRequest();
      const planes = Array.from({ length: 30 }, () => new NomadDispatcher(config));
      const results = await Promise.all(planes.map((plane) => plane.dispatch(request)));
      expect(new Set(results.map((result) => result.status))).toEqual(new Set(["accepted"]));
      const [plane] = planes as [NomadDispatcher];
      await untilObserved(cluster(), plane, request.attemptId, (seen) => seen.state === "running");
      expect(await allocationsOf(cluster(), jobNameOf(config.installation, request.attemptId))).toBe(1);
      await untilGone(cluster(), plane, request.attemptId);
      await Promise.all(planes.map((one) => one.close()));
    });

    test("another request under the same attempt id is refused", async () => {
      const { dispatcher } = open();
      const request = dispatchRequest();
      await dispatcher.dispatch(request);
      const other = { ...request, claimToken: randomBytes(32).toString("base64url") };
      const result = await dispatcher.dispatch(other);
      expect(result).toMatchObject({ status: "refused", detail: expect.stringContaining("another request") });
      await untilGone(cluster(), dispatcher, request.attemptId);
    });

    test("a pool configured anew between two tries does not make the second a stranger", async () => {
      const { config, dispatcher } = open();
      const request = dispatchRequest();
      await dispatcher.dispatch(request);
      const later = new NomadDispatcher({ ...config, priority: 60 });
      onTestFinished(() => later.close());
      expect(await later.dispatch(request)).toMatchObject({ status: "accepted" });
      await untilGone(cluster(), dispatcher, request.attemptId);
    });

    test("a pool that is not configured, or whose node pool Nomad does not know, is refused", async () => {
      const { dispatcher } = open();
      const unknown = await dispatcher.dispatch(dispatchRequest("imaginary"));
      expect(unknown).toMatchObject({ status: "refused", detail: expect.stringContaining('"imaginary"') });
      const nowhere = await dispatcher.dispatch(dispatchRequest("nowhere"));
      expect(nowhere).toMatchObject({ status: "refused", detail: expect.stringContaining("no-such-pool") });
    });
  });

  describe("stop", () => {
    test("a running attempt ends and stays ended", async () => {
      const { config, dispatcher } = open();
      const request = dispatchRequest();
      await dispatcher.dispatch(request);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
      await untilGone(cluster(), dispatcher, request.attemptId);
      const [seen] = await dispatcher.observe([request.attemptId]);
      expect(seen).toMatchObject({ state: "exited", detail: expect.stringContaining("stopped") });
      expect(await dispatcher.dispatch(request)).toMatchObject({ status: "refused" });
      expect(await allocationsOf(cluster(), jobNameOf(config.installation, request.attemptId))).toBe(1);
    });

    test("gone is said only after the client reports the end, however long it takes", async () => {
      const { dispatcher } = open({ pools: { stubborn: cluster().stubborn } });
      const request = dispatchRequest("stubborn");
      await dispatcher.dispatch(request);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
      expect(await dispatcher.stop({ attemptId: request.attemptId, graceMs: 0 })).toEqual({
        status: "stopping",
      });
      const startedMs = performance.now();
      await untilGone(cluster(), dispatcher, request.attemptId);
      expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    });

    test("an attempt that was never dispatched is gone, and a dispatch that comes late is refused", async () => {
      const { config, dispatcher } = open();
      const request = dispatchRequest();
      const { attemptId } = request;
      expect(await dispatcher.stop({ attemptId, graceMs: 0 })).toEqual({ status: "gone" });
      expect(await dispatcher.stop({ attemptId, graceMs: 0 })).toEqual({ status: "gone" });
      expect(await dispatcher.dispatch(request)).toMatchObject({ status: "refused" });
      expect(await allocationsOf(cluster(), jobNameOf(config.installation, attemptId))).toBe(0);
    });

    test("a waiting attempt is never placed afterwards", async () => {
      const { config, dispatcher } = open();
      const wide = dispatchRequest("long", cluster().memoryMegabytes * 2);
      await dispatcher.dispatch(wide);
      await untilObserved(cluster(), dispatcher, wide.attemptId, (seen) => /memory/.test(seen.detail ?? ""));
      await untilGone(cluster(), dispatcher, wide.attemptId);
      expect(await allocationsOf(cluster(), jobNameOf(config.installation, wide.attemptId))).toBe(0);
    });
  });

  describe("observe", () => {
    test("an attempt nobody knows is absent", async () => {
      const { dispatcher } = open();
      const { attemptId } = dispatchRequest();
      const absent = { attemptId, state: "absent", detail: null, exitCode: null, outOfMemory: false };
      expect(await dispatcher.observe([attemptId])).toEqual([absent]);
    });

    test("an exit code and a failed start are told", async () => {
      const { dispatcher } = open();
      const [good, bad, broken] = [
        dispatchRequest("quick"),
        dispatchRequest("failing"),
        dispatchRequest("unstartable"),
      ];
      for (const request of [good, bad, broken]) await dispatcher.dispatch(request);
      const ended = (id: typeof good.attemptId) =>
        untilObserved(cluster(), dispatcher, id, (seen) => seen.state === "exited");
      expect(await ended(good.attemptId)).toMatchObject({ exitCode: 0, outOfMemory: false });
      expect(await ended(bad.attemptId)).toMatchObject({ exitCode: 3, outOfMemory: false });
      const { detail } = await ended(broken.attemptId);
      expect(detail).toContain("no such thing");
    });

    test("running attempts that were not named are told too, of this installation alone", async () => {
      const { dispatcher } = open();
      const { dispatcher: stranger } = open();
      const request = dispatchRequest();
      await dispatcher.dispatch(request);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
      const page = { attempts: [request.attemptId], upTo: null, next: null };
      expect(await dispatcher.list(null)).toMatchObject(page);
      expect((await stranger.list(null)).attempts).toEqual([]);
      await untilGone(cluster(), dispatcher, request.attemptId);
    });

    test("a waiting attempt says what it waits for, and starts when room appears", async () => {
      const { dispatcher } = open();
      const most = Math.floor(cluster().memoryMegabytes * 0.7);
      const first = dispatchRequest("long", most);
      const second = dispatchRequest("long", most);
      await dispatcher.dispatch(first);
      await untilObserved(cluster(), dispatcher, first.attemptId, (seen) => seen.state === "running");
      await dispatcher.dispatch(second);
      const waiting = await untilObserved(cluster(), dispatcher, second.attemptId, (seen) =>
        /too little memory/.test(seen.detail ?? ""),
      );
      expect(waiting).toMatchObject({
        state: "pending",
        detail:
          'not placed: 1 node of node pool "default" fully used: too little memory on 1 node; it starts when room appears',
      });
      await untilGone(cluster(), dispatcher, first.attemptId);
      await untilObserved(cluster(), dispatcher, second.attemptId, (seen) => seen.state === "running");
      await untilGone(cluster(), dispatcher, second.attemptId);
    });

    test("a job that Nomad has forgotten is absent to whoever never saw its end", async () => {
      const { config, dispatcher } = open();
      const request = dispatchRequest("quick");
      await dispatcher.dispatch(request);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "exited");
      await withDeadline("the job to be forgotten", 60_000, async () => {
        await cluster().collectGarbage();
        const newcomer = new NomadDispatcher(config);
        const [seen] = await newcomer.observe([request.attemptId]);
        await newcomer.close();
        return seen?.state === "absent";
      });
      expect(await dispatcher.observe([request.attemptId])).toMatchObject([{ state: "exited", exitCode: 0 }]);
    });
  });

  test("the event stream wakes us when something moves", async () => {
    let heard: (hint: Hint) => void = () => undefined;
    const nextHint = () => new Promise<Hint>((resolve) => (heard = resolve));
    const { dispatcher } = open({ onHint: (hint) => heard(hint) });
    const connected = nextHint();
    await dispatcher.start();
    expect(await connected).toBe("any");
    const moved = nextHint();
    const request = dispatchRequest("quick");
    await dispatcher.dispatch(request);
    expect(await moved).toEqual([request.attemptId]);
  });
}

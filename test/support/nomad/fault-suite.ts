import { describe, expect, onTestFinished, test } from "vitest";
import type { NomadConfig } from "../../../nomad/config.ts";
import { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import { allocationsOf, type Cluster, untilGone, untilObserved } from "./cluster.ts";
import { withDeadline } from "../deadline.ts";
import { REQUEST_TIMEOUT_MS } from "./fault-catalogue.ts";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";
import { dispatchRequest, nomadConfig } from "./requests.ts";
import { describeStreamFaults } from "./stream-fault-suite.ts";

const REGISTER = /^POST \/v1\/jobs$/;

/** What the dispatcher promises when calls fail; run against the fake and a real agent. */
export function describeNomadFaults(cluster: () => Cluster): void {
  const open = async (changes: Partial<NomadConfig> = {}) => {
    const proxy = await startFaultProxy(cluster().address);
    const config = nomadConfig(proxy.address, { requestTimeoutMs: REQUEST_TIMEOUT_MS, ...changes });
    const dispatcher = new NomadDispatcher(config);
    onTestFinished(async () => {
      await dispatcher.close();
      await proxy.close();
    });
    return { proxy, config, dispatcher };
  };
  const startsOf = (config: NomadConfig, attemptId: Parameters<typeof jobNameOf>[1]) =>
    allocationsOf(cluster(), jobNameOf(config.installation, attemptId));

  const unknownOutcomes: readonly (readonly [string, Fault])[] = [
    ["the connection breaks before the call", { kind: "drop" }],
    ["the answer is lost", { kind: "lose_answer" }],
    ["the call arrives after we gave up", { kind: "deliver_late", afterMs: REQUEST_TIMEOUT_MS + 700 }],
    ["the answer is cut short", { kind: "rewrite", change: (text) => text.slice(0, text.length / 2) }],
    [
      "the answer has a wrong type",
      { kind: "rewrite", change: (text) => text.replace(/"EvalID":"[^"]*"/, '"EvalID":7') },
    ],
    ["the answer drips", { kind: "trickle", pauseMs: 300 }],
    ["there is no leader", { kind: "answer", status: 500, body: "No cluster leader" }],
    ["a forwarded call meets a server that goes", { kind: "answer", status: 500, body: "rpc error: EOF" }],
    [
      "leadership is lost in the middle",
      { kind: "answer", status: 500, body: "rpc error: leadership lost while committing log" },
    ],
  ];
  test.each(unknownOutcomes)("one runner, although %s", async (_what, fault) => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    proxy.inject(REGISTER, fault);
    const first = await dispatcher.dispatch(request);
    expect(first).toMatchObject({ status: "unknown" });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    await proxy.settled();
    await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    expect(await startsOf(config, request.attemptId)).toBe(1);
    await untilGone(cluster(), dispatcher, request.attemptId);
  });

  test("one runner, although the register arrives twice at once", async () => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    proxy.inject(REGISTER, { kind: "duplicate" });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    expect(await startsOf(config, request.attemptId)).toBe(1);
    await untilGone(cluster(), dispatcher, request.attemptId);
  });

  test("a register that arrives after the stop starts nothing", async () => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    proxy.inject(REGISTER, { kind: "deliver_late", afterMs: REQUEST_TIMEOUT_MS + 700 });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "unknown" });
    expect(await dispatcher.stop({ attemptId: request.attemptId, graceMs: 0 })).toEqual({ status: "gone" });
    await proxy.settled();
    expect(await startsOf(config, request.attemptId)).toBe(0);
    expect(await dispatcher.stop({ attemptId: request.attemptId, graceMs: 0 })).toEqual({ status: "gone" });
  });

  test.each<readonly [string, Fault]>([
    ["the call is lost", { kind: "drop" }],
    ["its answer is lost", { kind: "lose_answer" }],
    ["Nomad has no leader", { kind: "answer", status: 500, body: "No cluster leader" }],
  ])("a stop is repeated until the attempt is gone, although %s", async (_what, fault) => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    await dispatcher.dispatch(request);
    await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    proxy.inject(/^DELETE /, fault);
    expect(await dispatcher.stop({ attemptId: request.attemptId, graceMs: 0 })).toMatchObject({
      status: "unknown",
    });
    await untilGone(cluster(), dispatcher, request.attemptId);
    expect(await startsOf(config, request.attemptId)).toBe(1);
  });

  describe("what we are told to wait", () => {
    test.each<readonly [string, Fault, number, number]>([
      [
        "429 with Retry-After, and the connection closed",
        { kind: "answer", status: 429, body: "", headers: { "retry-after": "7" }, closes: true },
        7_000,
        7_000,
      ],
      ["429 without", { kind: "answer", status: 429, body: "" }, 250, 500],
      [
        "a switch of the operators",
        { kind: "answer", status: 403, body: "job registration disabled" },
        30_000,
        30_000,
      ],
      ["a refused token", { kind: "answer", status: 403, body: "Permission denied" }, 30_000, 30_000],
      [
        "a wish of many hours is cut",
        { kind: "answer", status: 503, body: "", headers: { "retry-after": "86400" } },
        60_000,
        60_000,
      ],
    ])("%s", async (_what, fault, least, most) => {
      const { proxy, dispatcher } = await open();
      proxy.inject(REGISTER, fault);
      const result = await dispatcher.dispatch(dispatchRequest());
      expect(result).toMatchObject({ status: "unknown" });
      const waitMs = result.status === "unknown" ? result.retryAfterMs : -1;
      expect(waitMs).toBeGreaterThanOrEqual(least);
      expect(waitMs).toBeLessThanOrEqual(most);
      // What is called next is answered, on another connection where that one was closed.
      expect(await dispatcher.list(null)).toMatchObject({ attempts: [] });
    });
  });

  test("while Nomad is away calls fail fast, and work again when it is back", async () => {
    const { proxy, dispatcher } = await open();
    const request = dispatchRequest();
    proxy.isDown = true;
    for (let call = 0; call < 12; call += 1) {
      expect(await dispatcher.dispatch(request)).toMatchObject({ status: "unknown" });
    }
    // The breaker let eight calls through and answered the others itself.
    expect(proxy.calls).toHaveLength(8);
    proxy.isDown = false;
    await withDeadline("the breaker to close", 60_000, async () => {
      return (await dispatcher.dispatch(request)).status === "accepted";
    });
    await untilGone(cluster(), dispatcher, request.attemptId);
  });

  test("one job whose answer is nonsense does not hide the others", async () => {
    const { proxy, config, dispatcher } = await open();
    const [good, odd] = [dispatchRequest(), dispatchRequest()];
    for (const request of [good, odd]) {
      await dispatcher.dispatch(request);
      await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    }
    const newcomer = new NomadDispatcher(config);
    onTestFinished(() => newcomer.close());
    const path = `/v1/job/${jobNameOf(config.installation, odd.attemptId)}/allocations`;
    proxy.inject(new RegExp(`^GET ${path}$`), { kind: "rewrite", change: () => '[{"ID":1}]' });
    const seen = await newcomer.observe([good.attemptId, odd.attemptId]);
    expect(seen.map((one) => one.attemptId)).toEqual([good.attemptId]);
    for (const { attemptId } of [good, odd]) await untilGone(cluster(), dispatcher, attemptId);
  });

  test("answers with fields that we do not know are read all the same", async () => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    const withMore = (text: string): string => text.replace(/\{/g, '{"NotYetInvented":{"a":[1]},');
    proxy.inject(/^(GET|POST) \/v1\/jobs?/, { kind: "rewrite", change: withMore }, 6);
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    expect(await startsOf(config, request.attemptId)).toBe(1);
    await untilGone(cluster(), dispatcher, request.attemptId);
  });

  test("an old list does not hide an attempt that is asked for", async () => {
    const { proxy, dispatcher } = await open();
    const request = dispatchRequest();
    await dispatcher.dispatch(request);
    await untilObserved(cluster(), dispatcher, request.attemptId, (seen) => seen.state === "running");
    proxy.inject(/^GET \/v1\/jobs$/, { kind: "rewrite", change: () => "[]" });
    const [seen] = await dispatcher.observe([request.attemptId]);
    expect(seen).toMatchObject({ attemptId: request.attemptId, state: "running" });
    await untilGone(cluster(), dispatcher, request.attemptId);
  });

  test("an index that goes back makes us look again", async () => {
    const { proxy, dispatcher } = await open();
    const request = dispatchRequest();
    const { attemptId } = request;
    await dispatcher.dispatch(request);
    await untilObserved(cluster(), dispatcher, attemptId, (seen) => seen.state === "running");
    const settled = async (): Promise<boolean> => {
      await dispatcher.list(null);
      await dispatcher.observe([attemptId]);
      return (await dispatcher.list(null)).changed.length === 0;
    };
    await withDeadline("the list to change no more", 60_000, settled);
    const earlier = (text: string): string => text.replaceAll(/"ModifyIndex":\d+/g, '"ModifyIndex":1');
    proxy.inject(/^GET \/v1\/jobs$/, { kind: "rewrite", change: earlier });
    expect(await dispatcher.list(null)).toMatchObject({ attempts: [attemptId], changed: [attemptId] });
    await untilGone(cluster(), dispatcher, attemptId);
  });

  test("a server that knows no leader is not believed", async () => {
    const { proxy, dispatcher } = await open();
    const request = dispatchRequest();
    const { attemptId } = request;
    await dispatcher.dispatch(request);
    await untilObserved(cluster(), dispatcher, attemptId, (seen) => seen.state === "running");
    const headers = { "x-nomad-knownleader": "false" };
    const isBehind: Fault = { kind: "rewrite", change: () => "[]", headers };
    proxy.inject(/^GET \/v1\/job/, isBehind, 3);
    const unavailable = { name: "NomadError", failure: "unavailable" };
    await expect(dispatcher.list(null)).rejects.toMatchObject(unavailable);
    await expect(dispatcher.observe([attemptId])).rejects.toMatchObject(unavailable);
    expect(await dispatcher.stop({ attemptId, graceMs: 0 })).toMatchObject({ status: "unknown" });
    await untilGone(cluster(), dispatcher, attemptId);
  });

  test("a list that drips is an error within its time, not an empty cluster", async () => {
    const { proxy, dispatcher } = await open();
    proxy.inject(/^GET \/v1\/jobs$/, { kind: "rewrite", change: () => `[${" ".repeat(100)}]` });
    expect(await dispatcher.list(null)).toMatchObject({ attempts: [] });
    const drip = Array.from({ length: 100 }, () => " ");
    proxy.inject(/^GET \/v1\/jobs$/, { kind: "pieces", pieces: ["[", ...drip, "]"], pauseMs: 100 });
    await expect(dispatcher.list(null)).rejects.toMatchObject({ name: "NomadError", failure: "timeout" });
  });

  test("a job that is not found for once is not stopped, and is found again", async () => {
    const { proxy, config, dispatcher } = await open();
    const request = dispatchRequest();
    const { attemptId } = request;
    await dispatcher.dispatch(request);
    await untilObserved(cluster(), dispatcher, attemptId, (seen) => seen.state === "running");
    const newcomer = new NomadDispatcher(config);
    onTestFinished(() => newcomer.close());
    const notFound: Fault = { kind: "answer", status: 404, body: "job not found" };
    proxy.inject(new RegExp(`^GET /v1/job/${jobNameOf(config.installation, attemptId)}$`), notFound);
    // Not found means that its name is free, so a stop tries to take it, and is told that it is taken.
    expect(await newcomer.stop({ attemptId, graceMs: 0 })).toEqual({ status: "stopping" });
    await untilObserved(cluster(), newcomer, attemptId, (seen) => seen.state === "running");
    expect(await startsOf(config, attemptId)).toBe(1);
    await untilGone(cluster(), dispatcher, attemptId);
  });

  test("a list that cannot be read is an error, not an empty cluster", async () => {
    const { proxy, dispatcher } = await open();
    proxy.inject(/^GET \/v1\/jobs$/, { kind: "rewrite", change: () => "null" });
    await expect(dispatcher.list(null)).rejects.toMatchObject({ name: "NomadError", failure: "malformed" });
  });

  describeStreamFaults(open);
}

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { backoffMs } from "../../nomad/backoff.ts";
import { createCircuitBreaker } from "../../nomad/circuit-breaker.ts";
import { configFaults } from "../../nomad/config.ts";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { createSequencer, inParallel } from "../../nomad/in-parallel.ts";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { dispatchRequest, nomadConfig } from "../support/nomad/requests.ts";

describe("backoff", () => {
  test("doubles, stays between half and the whole, and ends at 30 s", () => {
    expect([1, 2, 3, 4].map((failures) => backoffMs(failures, () => 0))).toEqual([250, 500, 1_000, 2_000]);
    expect(backoffMs(1, () => 0.999)).toBe(500);
    expect(backoffMs(1_000, () => 0.999)).toBeLessThanOrEqual(30_000);
    expect(backoffMs(1_000, () => 0)).toBe(15_000);
  });
});

describe("circuit breaker", () => {
  const open = () => {
    let now = 0;
    const breaker = createCircuitBreaker(() => now);
    for (let call = 0; call < 8; call += 1) {
      expect(breaker.admit()).toBe(0);
      breaker.record(false);
    }
    return { breaker, pass: (ms: number) => (now += ms) };
  };

  test("opens after eight failures in a row, and a success in between starts the count again", () => {
    const breaker = createCircuitBreaker(() => 0);
    for (let call = 0; call < 7; call += 1) breaker.record(false);
    breaker.record(true);
    for (let call = 0; call < 7; call += 1) breaker.record(false);
    expect(breaker.admit()).toBe(0);
    breaker.record(false);
    expect(breaker.admit()).toBe(1_000);
  });

  test("lets one probe through after the pause, and waits longer when it fails", () => {
    const { breaker, pass } = open();
    expect(breaker.admit()).toBe(1_000);
    pass(1_000);
    expect(breaker.admit()).toBe(0);
    expect(breaker.admit()).toBeGreaterThan(0);
    breaker.record(false);
    expect(breaker.admit()).toBe(2_000);
  });

  test("closes with the first success, also of a call that was sent before it opened", () => {
    const { breaker } = open();
    breaker.record(true);
    expect(breaker.admit()).toBe(0);
    expect(breaker.admit()).toBe(0);
  });

  test("late failures of calls sent before do not make the pause longer", () => {
    const { breaker } = open();
    for (let call = 0; call < 20; call += 1) breaker.record(false);
    expect(breaker.admit()).toBe(1_000);
  });
});

describe("token file", () => {
  test("a token that another program replaces is used at once", async () => {
    const fake = await startFakeNomad();
    const folder = await mkdtemp(join(tmpdir(), "delta-token-"));
    const tokenFile = join(folder, "token");
    await writeFile(tokenFile, "first\n");
    fake.tokens = new Set(["first"]);
    const dispatcher = new NomadDispatcher(nomadConfig(fake.address, { tokenFile }));
    onTestFinished(async () => {
      await dispatcher.close();
      await fake.close();
      await rm(folder, { recursive: true });
    });
    expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "accepted" });
    fake.tokens = new Set(["second"]);
    const refused = await dispatcher.dispatch(dispatchRequest());
    expect(refused).toMatchObject({
      status: "unknown",
      detail: expect.stringContaining("Permission denied"),
    });
    await writeFile(`${tokenFile}.new`, "second");
    await rename(`${tokenFile}.new`, tokenFile);
    expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "accepted" });
  });

  test("a missing token file is an unknown outcome that names the file", async () => {
    const dispatcher = new NomadDispatcher(
      nomadConfig("http://127.0.0.1:9", { tokenFile: "/nonexistent/token" }),
    );
    onTestFinished(() => dispatcher.close());
    const result = await dispatcher.dispatch(dispatchRequest());
    expect(result).toMatchObject({
      status: "unknown",
      detail: expect.stringContaining("/nonexistent/token"),
    });
  });
});

test("a configuration that cannot work is refused with every fault at once", () => {
  const config = nomadConfig("ftp://x", { installation: "Not Ok", priority: 0, connections: 0, pools: {} });
  expect(configFaults(config)).toHaveLength(5);
  expect(() => new NomadDispatcher(config)).toThrow(/ftp:\/\/x.*Not Ok/);
});

test("work in parallel keeps its order and its bound", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 4, 3, 2, 1], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, item));
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 40, 30, 20, 10]);
  expect(most).toBe(2);
});

test("calls of one key follow each other, also after a failure, and keys do not wait for each other", async () => {
  const inSequence = createSequencer();
  const order: string[] = [];
  let release = (): void => undefined;
  const first = inSequence("a", async () => {
    await new Promise<void>((resolve) => (release = resolve));
    order.push("a1");
    throw new Error("first fails");
  });
  const second = inSequence("a", async () => order.push("a2"));
  await inSequence("b", async () => order.push("b"));
  release();
  await expect(first).rejects.toThrow("first fails");
  await second;
  expect(order).toEqual(["b", "a1", "a2"]);
});

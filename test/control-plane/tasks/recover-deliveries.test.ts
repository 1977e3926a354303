import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../control-plane/clock.ts";
import type { Database } from "../../../control-plane/db/client.ts";
import { GitHubForge } from "../../../control-plane/forge/github/github-forge.ts";
import { registerWebhooks } from "../../../control-plane/http/webhooks.ts";
import { recoverDeliveries } from "../../../control-plane/tasks/recover-deliveries.ts";
import { createTestDatabase } from "../../support/database.ts";
import { type Delivery, pushDelivery } from "../../support/github/deliveries.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { startHttpServer } from "../../support/http-server.ts";

const MINUTE_MS = 60_000;

async function startWorld() {
  const { database } = await createTestDatabase();
  const github = await GitHubStandIn.start();
  onTestFinished(() => github[Symbol.asyncDispose]());
  const { appId, privateKey } = github.app;
  const settings = { apiUrl: github.url, appId, privateKey, webhookSecret: github.webhookSecret };
  const warnings: string[] = [];
  const forge = new GitHubForge(settings, systemClock, { warn: () => {} });
  const server = await startHttpServer((app) => registerWebhooks(app, { database, github: forge }));
  const repository = github.addRepository("acme/shop", "/nowhere");
  const log = { info() {}, warn: (_: object, line: string) => warnings.push(line), error() {} };
  github.hook.target = `${server.url}/webhooks/github`;
  const look = () => recoverDeliveries({ database, forge, intervalMs: 0, atOnce: false, log });
  // The first look of all only notes from when on deliveries are ours.
  await look();
  return {
    database,
    github,
    look,
    warnings,
    push: (digit: string): Delivery => pushDelivery(repository, github.url, { after: digit.repeat(40) }),
    /** Sends it to where nobody listens. */
    async lose(delivery: Delivery): Promise<void> {
      const { target } = github.hook;
      github.hook.target = "http://127.0.0.1:9/webhooks/github";
      await github.hook.send(delivery);
      github.hook.target = target;
    },
  };
}

async function headsOf(database: Database): Promise<readonly string[]> {
  const rows = await database<
    { head: string }[]
  >`select left(head_sha, 1) as head from delta.runs order by 1`;
  return rows.map(({ head }) => head);
}

describe("a delivery that never came", () => {
  test("is asked for again and makes its run, and those that came are left alone", async () => {
    const world = await startWorld();
    const { github, database } = world;
    await github.hook.send(world.push("a"));
    for (const digit of ["b", "c"]) await world.lose(world.push(digit));
    await world.look();
    await github.hook.settled();
    expect(github.hook.list()).toHaveLength(5);
    expect(await headsOf(database)).toEqual(["a", "b", "c"]);
    await world.look();
    expect(github.hook.list()).toHaveLength(5);
    expect(world.warnings).toHaveLength(2);
    expect(github.violations).toEqual([]);
  });

  test("is found among more than one page of others", async () => {
    const world = await startWorld();
    await world.lose(world.push("b"));
    const ping = { event: "ping", body: JSON.stringify({ zen: "x" }) };
    for (let index = 0; index < 120; index += 1)
      await world.github.hook.send({ ...ping, id: `ping-${index}` });
    await world.look();
    await world.github.hook.settled();
    expect(world.github.hook.list()).toHaveLength(122);
    expect(await headsOf(world.database)).toEqual(["b"]);
  });

  test("is given up after five tries", async () => {
    const world = await startWorld();
    const lost = world.push("b");
    for (let tries = 0; tries < 5; tries += 1) await world.lose(lost);
    await world.look();
    expect(world.github.hook.list()).toHaveLength(5);
  });

  test("that does not come the second time either is asked for after a pause", async () => {
    const world = await startWorld();
    const lost = world.push("b");
    await world.lose(lost);
    await world.lose(lost);
    await world.look();
    expect(world.github.hook.list()).toHaveLength(2);
    world.github.hook.ageMs = 2 * MINUTE_MS;
    const later = world.push("c");
    await world.lose(later);
    await world.lose(later);
    await world.look();
    await world.github.hook.settled();
    expect(world.github.hook.list()).toHaveLength(5);
    expect(await headsOf(world.database)).toEqual(["c"]);
  });

  test("from before this installation is nobody's", async () => {
    const world = await startWorld();
    world.github.hook.ageMs = 10 * MINUTE_MS;
    await world.lose(world.push("b"));
    await world.look();
    expect(world.github.hook.list()).toHaveLength(1);
  });
});

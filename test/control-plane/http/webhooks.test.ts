import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { connect } from "../../../control-plane/db/client.ts";
import { pullRequestDelivery, signature } from "../../support/github/deliveries.ts";
import { SECRET, HEAD, repository, world, push, counts } from "../../support/webhook-world.ts";

describe("an accepted delivery", () => {
  test("makes one run and wakes the planner, all of it committed before the answer", async () => {
    const { database, send } = await world();
    const answer = await send(push());
    expect(answer.status).toBe(202);
    const body = (await answer.json()) as { run: string };
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 1, tasks: 1 });
    const [run] = await database`select id, state, number, head_sha, event from delta.runs`;
    expect(run).toMatchObject({ id: body.run, state: "created", number: 1, head_sha: HEAD });
    expect(run?.["event"]).toMatchObject({ kind: "push", trust: "trusted", before: null });
  });

  test("that comes again gets the same answer and changes nothing", async () => {
    const { database, send } = await world();
    const delivery = push();
    const first = await send(delivery);
    const again = await send(delivery);
    expect(again.status).toBe(first.status);
    expect(await again.json()).toEqual(await first.json());
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 1, tasks: 1 });
  });

  test("that comes a hundred times at once makes one run and one answer", async () => {
    const { database, send } = await world();
    const delivery = push();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(delivery)));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(bodies).size).toBe(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 1, tasks: 1 });
  });

  test("of an event that came under another key makes no second run and names the first", async () => {
    const { database, send } = await world();
    const answers = await Promise.all([send(push()), send(push()), send(push())]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 202]);
    expect(await counts(database)).toEqual({ deliveries: 3, runs: 1, tasks: 1 });
    const [run] = await database`select id from delta.runs`;
    const notes = await database`select note from delta.deliveries where state = 'ignored'`;
    expect(notes.map(({ note }) => note as string)).toEqual(
      Array.from({ length: 2 }, () => `the same event came before and made run ${String(run?.["id"])}`),
    );
  });

  test("of another event of the same commit makes a run of its own, and so does one that comes much later", async () => {
    const { database, send } = await world();
    await send(push());
    await send(push({ before: "b".repeat(40) }));
    await send(push({ ref: "refs/heads/other" }));
    expect(await counts(database)).toMatchObject({ runs: 3 });
    await database`
      update delta.runs set state = 'canceled', reason = 'canceled_by_user', finalized_at = clock_timestamp(),
        wake_at = null, created_at = created_at - interval '11 minutes'`;
    await send(push());
    expect(await counts(database)).toMatchObject({ runs: 4 });
  });

  test("numbers the runs of one repository from 1", async () => {
    const { database, send } = await world();
    await Promise.all(["b", "c", "d"].map((digit) => send(push({ after: digit.repeat(40) }))));
    const rows = await database`select number from delta.runs order by number`;
    expect(rows.map(({ number }) => number as unknown)).toEqual([1, 2, 3]);
    expect(await database`select 1 from delta.repositories`).toHaveLength(1);
  });

  test("that starts nothing is stored with why, and wakes nobody", async () => {
    const { database, send } = await world();
    const answer = await send(push({ after: null, before: HEAD }));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      state: "ignored",
      note: "refs/heads/main was deleted",
      run: null,
    });
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 0, tasks: 0 });
  });

  test("of a fork is stored as such", async () => {
    const { database, send } = await world();
    await send(
      pullRequestDelivery(repository, "https://forge.example", {
        head: HEAD,
        base: HEAD,
        sourceRepositoryId: 99,
      }),
    );
    const [run] = await database`select event->>'trust' as trust from delta.runs`;
    expect(run).toEqual({ trust: "fork" });
  });
});

describe("a refused delivery", () => {
  const body = push().body;
  test.each<readonly [string, Record<string, string>]>([
    ["without a signature", {}],
    ["signed with another secret", { "x-hub-signature-256": signature("other", body) }],
    ["signed by sha1 alone", { "x-hub-signature": signature(SECRET, body).replace("sha256", "sha1") }],
    ["with a truncated signature", { "x-hub-signature-256": signature(SECRET, body).slice(0, -1) }],
    [
      "signed over the same JSON written otherwise",
      { "x-hub-signature-256": signature(SECRET, JSON.stringify(JSON.parse(body), null, 1)) },
    ],
  ])("%s is 401 and leaves no trace", async (_name, headers) => {
    const { database, target } = await world();
    const answer = await fetch(target, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-delivery": randomUUID(),
        "x-github-event": "push",
        ...headers,
      },
      body,
    });
    expect(answer.status).toBe(401);
    expect(await counts(database)).toEqual({ deliveries: 0, runs: 0, tasks: 0 });
  });

  test("that is forged is not even parsed: broken JSON is 401 too", async () => {
    const { target } = await world();
    const answer = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${"0".repeat(64)}` },
      body: "{",
    });
    expect(answer.status).toBe(401);
  });

  test("with a known key and another body is 409 and logged, and the first stays", async () => {
    const { database, server, send } = await world();
    const delivery = push();
    await send(delivery);
    const answer = await send({
      ...delivery,
      body: delivery.body.replace("refs/heads/main", "refs/heads/evil"),
    });
    expect(answer.status).toBe(409);
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 1, tasks: 1 });
    expect(server.log.join("")).toContain("delivery_conflict");
  });

  test.each([
    ["not JSON", "{"],
    ["not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
    ["nested too deeply", "[".repeat(100_000) + "]".repeat(100_000)],
    ["an attempt on the prototype", '{"__proto__":{"polluted":true}}'],
  ])("that is %s is 400", async (_name, text) => {
    const { database, target } = await world();
    const answer = await fetch(target, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-github-delivery": randomUUID(),
        "x-github-event": "push",
        "x-hub-signature-256": signature(SECRET, text),
      },
      body: text as NonNullable<RequestInit["body"]>,
    });
    expect(answer.status).toBe(400);
    expect(await counts(database)).toEqual({ deliveries: 0, runs: 0, tasks: 0 });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("whose payload is not GitHub's is 400 and names the place, again and again", async () => {
    const { database, send } = await world();
    const delivery = { ...push(), body: '{"ref":"refs/heads/main"}' };
    for (let time = 0; time < 2; time++) {
      const answer = await send(delivery);
      expect(answer.status).toBe(400);
      expect(((await answer.json()) as { message: string }).message).toContain("push payload");
    }
    expect(await counts(database)).toEqual({ deliveries: 1, runs: 0, tasks: 0 });
  });

  test("of 26 MB is 413", async () => {
    const { send } = await world();
    const answer = await send({ ...push(), body: `"${"x".repeat(26 * 1024 * 1024)}"` });
    expect(answer.status).toBe(413);
  });

  test("of another content type is 415", async () => {
    const { target } = await world();
    const answer = await fetch(target, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "payload={}",
    });
    expect(answer.status).toBe(415);
  });

  test("while the database is away is 503 with a time to come back, and tells nothing of it", async () => {
    const away = connect(
      { host: "127.0.0.1", port: 1, database: "hidden_name", user: "u", password: "hunter2", tls: false },
      { connections: 1 },
    );
    const { server, send } = await world(away);
    const answer = await send(push());
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toMatch(/^[0-9]+$/);
    const text = await answer.text();
    expect(text).not.toContain("hidden_name");
    expect(text + server.log.join("")).not.toContain("hunter2");
    await away.end();
  });
});

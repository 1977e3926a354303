import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { SESSION_COOKIE } from "../../../control-plane/http/api-access.ts";
import type { RunList, RunView } from "../../../schemas/api.ts";
import { insertLease } from "../../support/leases.ts";
import { API_TOKEN, runsApiWorld } from "../../support/runs-api-world.ts";

describe("who may use the API", () => {
  const paths = ["/api/v1/runs", `/api/v1/runs/${randomUUID()}`, `/api/v1/attempts/${randomUUID()}/logs/0`];

  test.each([
    ["no token", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["a token that is a part of the right one", { authorization: `Bearer ${API_TOKEN.slice(0, -1)}` }],
    ["the token as Basic", { authorization: `Basic ${Buffer.from(`x:${API_TOKEN}`).toString("base64")}` }],
    ["a wrong cookie", { cookie: `${SESSION_COOKIE}=wrong` }],
  ])("%s is 401 everywhere but for health", async (_name, headers) => {
    const { server } = await runsApiWorld();
    for (const path of paths) {
      const answer = await fetch(`${server.url}${path}`, { headers: headers as Record<string, string> });
      expect(answer.status).toBe(401);
    }
    const health = await fetch(`${server.url}/api/v1/health`);
    expect(await health.json()).toEqual({ status: "ok", version: "1.2.3", dispatcher: "fake" });
  });

  test("a token in the query is no token", async () => {
    const { server } = await runsApiWorld();
    expect((await fetch(`${server.url}/api/v1/runs?token=${API_TOKEN}`)).status).toBe(401);
    expect(server.log.join("")).not.toContain(API_TOKEN);
  });

  test("the cookie of a browser reads and changes nothing", async () => {
    const { server, access, database } = await runsApiWorld();
    const { runId } = await insertLease(database);
    const headers = { cookie: `other=1; ${SESSION_COOKIE}=${access.session}` };
    expect((await fetch(`${server.url}/api/v1/runs/${runId}`, { headers })).status).toBe(200);
    const cancel = await fetch(`${server.url}/api/v1/runs/${runId}/cancel`, { method: "POST", headers });
    expect(cancel.status).toBe(401);
  });
});

describe("runs", () => {
  test("are listed newest first, page by page, each once", async () => {
    const { database, call } = await runsApiWorld();
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.push((await insertLease(database)).runId);
    const newestFirst = ids.toSorted().toReversed();
    const seen: string[] = [];
    let before: string | null = null;
    do {
      const path: string = `/api/v1/runs?limit=2${before === null ? "" : `&before=${before}`}`;
      const page = (await (await call(path)).json()) as RunList;
      expect(page.runs.length).toBeLessThanOrEqual(2);
      seen.push(...page.runs.map(({ id }) => id));
      before = page.next;
    } while (before !== null);
    expect(seen).toEqual(newestFirst);
  });

  test("are listed by repository, with how many jobs are in which state", async () => {
    const { database, call } = await runsApiWorld();
    const lease = await insertLease(database);
    await database`update delta.repositories set full_name = 'ada/other' where id = ${lease.repositoryId}`;
    await insertLease(database);
    const { runs } = (await (await call("/api/v1/runs?repository=ada/other")).json()) as RunList;
    expect(runs).toMatchObject([
      {
        id: lease.runId,
        repository: "ada/other",
        ref: "refs/heads/main",
        jobs_total: 1,
        jobs_by_state: { active: 1 },
      },
    ]);
    expect(runs[0]).not.toHaveProperty("jobs");
  });

  test.each([
    "limit=0",
    "limit=-1",
    "limit=1e9",
    "limit=101",
    "before=x",
    "limit=1&limit=2",
    "other=1",
    "before=",
  ])("a list with ?%s is 400", async (query) => {
    const { call } = await runsApiWorld();
    const answer = await call(`/api/v1/runs?${query}`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(/^query: /);
  });

  test("one run shows its jobs, attempts and logs", async () => {
    const { database, call } = await runsApiWorld();
    const lease = await insertLease(database);
    await database`insert into delta.log_streams (attempt_id, stream, acked) values (${lease.attemptId}, 0, 7)`;
    await database`
      update delta.attempts set steps = ${database.json([{ index: 0, state: "running", exit_code: null, signal: null, duration_ms: null }])}`;
    const view = (await (await call(`/api/v1/runs/${lease.runId}`)).json()) as RunView;
    expect(view).toMatchObject({
      version: 1,
      id: lease.runId,
      number: 1,
      state: "running",
      head: "a".repeat(40),
    });
    expect(view.jobs).toMatchObject([{ key: "build", required: true, state: "active" }]);
    expect(view.jobs[0]?.attempts).toMatchObject([
      {
        id: lease.attemptId,
        number: 1,
        state: "running",
        steps: [{ index: 0, state: "running", name: "step 1" }],
        streams: [{ stream: 0, name: "runner", acked: 7, closed: false }],
      },
    ]);
  });

  test.each(
    ["../../x", "%2e%2e", "%00", "x".repeat(10_240), randomUUID().toUpperCase()].map((id) => [
      id.slice(0, 20),
      id,
    ]),
  )("the id %s… reaches nothing", async (_name, id) => {
    const { call } = await runsApiWorld();
    for (const path of [`/api/v1/runs/${id}`, `/api/v1/attempts/${id}/logs/0`]) {
      expect([400, 404, 414]).toContain((await call(path)).status);
    }
  });

  test("an unknown run, or one without a plan, is 404", async () => {
    const { database, call } = await runsApiWorld();
    expect((await call(`/api/v1/runs/${randomUUID()}`)).status).toBe(404);
    const { runId } = await insertLease(database);
    expect((await call(`/api/v1/runs/${runId}/plan`)).status).toBe(404);
  });
});

describe("canceling and running again", () => {
  test("a live run is canceled and cannot be run again before it has ended", async () => {
    const { database, post } = await runsApiWorld();
    const { runId } = await insertLease(database);
    expect((await post(`/api/v1/runs/${runId}/rerun`, {})).status).toBe(409);
    const answer = await post(`/api/v1/runs/${runId}/cancel`, {});
    expect(answer.status).toBe(200);
    expect((await answer.json()) as RunView).toMatchObject({ cancel_requested_at: expect.any(String) });
  });

  test("an ended run is run again and cannot be canceled", async () => {
    const { database, post, end } = await runsApiWorld();
    const { runId } = await insertLease(database);
    await end(runId);
    expect((await post(`/api/v1/runs/${runId}/cancel`, {})).status).toBe(409);
    const answer = await post(`/api/v1/runs/${runId}/rerun`, {});
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ rerun_of: runId, state: "created", number: 2 });
  });

  test("an unknown run is 404, and what is no JSON is refused", async () => {
    const { post, call, database } = await runsApiWorld();
    expect((await post(`/api/v1/runs/${randomUUID()}/cancel`, {})).status).toBe(404);
    expect((await post(`/api/v1/runs/${randomUUID()}/rerun`, {})).status).toBe(404);
    const { runId } = await insertLease(database);
    expect((await post(`/api/v1/runs/${runId}/cancel`, { force: true })).status).toBe(400);
    const text = { method: "POST", headers: { "content-type": "text/plain" }, body: "x" };
    expect((await call(`/api/v1/runs/${runId}/cancel`, text)).status).toBe(415);
    const override = await call(`/api/v1/runs/${runId}`, { headers: { "x-http-method-override": "DELETE" } });
    expect(override.status).toBe(200);
    expect((await call(`/api/v1/runs/${runId}`, { method: "DELETE" })).status).toBe(404);
  });
});

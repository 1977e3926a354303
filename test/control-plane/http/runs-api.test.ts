import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { LocalBlobStore } from "../../../control-plane/blobs/local-blob-store.ts";
import { createApiAccess, SESSION_COOKIE } from "../../../control-plane/http/api-access.ts";
import { registerRunsApi } from "../../../control-plane/http/runs-api.ts";
import { LogSignals } from "../../../control-plane/logs/log-signals.ts";
import { appendLog, closeLog } from "../../../control-plane/logs/log-store.ts";
import type { RunList, RunView } from "../../../schemas/api.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { insertLease } from "../../support/leases.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const TOKEN = "a-token-of-the-api-for-tests";

async function world(localRepositories = true) {
  const { database } = await createTestDatabase();
  const root = mkdtempSync(join(tmpdir(), "delta-blobs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const logs = { database, blobs: new LocalBlobStore(root), signals: new LogSignals() };
  const access = createApiAccess(TOKEN);
  const server = await startHttpServer((app) =>
    registerRunsApi(app, { ...logs, access, version: "1.2.3", dispatcher: "fake", localRepositories }),
  );
  const call = (
    path: string,
    init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
  ) =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...init.headers },
    });
  const post = (path: string, body: unknown, headers = {}) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const end = (run: string) => database`
    update delta.runs set state = 'canceled', reason = 'canceled_by_user', finalized_at = clock_timestamp(),
      wake_at = null, version = version + 1 where id = ${run}`;
  return { database, logs, server, access, call, post, end };
}

describe("who may use the API", () => {
  const paths = ["/api/v1/runs", `/api/v1/runs/${randomUUID()}`, `/api/v1/attempts/${randomUUID()}/logs/0`];

  test.each([
    ["no token", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["a token that is a part of the right one", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ["the token as Basic", { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString("base64")}` }],
    ["a wrong cookie", { cookie: `${SESSION_COOKIE}=wrong` }],
  ])("%s is 401 everywhere but for health", async (_name, headers) => {
    const { server } = await world();
    for (const path of paths) {
      const answer = await fetch(`${server.url}${path}`, { headers: headers as Record<string, string> });
      expect(answer.status).toBe(401);
    }
    const health = await fetch(`${server.url}/api/v1/health`);
    expect(await health.json()).toEqual({ status: "ok", version: "1.2.3", dispatcher: "fake" });
  });

  test("a token in the query is no token", async () => {
    const { server } = await world();
    expect((await fetch(`${server.url}/api/v1/runs?token=${TOKEN}`)).status).toBe(401);
    expect(server.log.join("")).not.toContain(TOKEN);
  });

  test("the cookie of a browser reads and changes nothing", async () => {
    const { server, access, database } = await world();
    const { runId } = await insertLease(database);
    const headers = { cookie: `other=1; ${SESSION_COOKIE}=${access.session}` };
    expect((await fetch(`${server.url}/api/v1/runs/${runId}`, { headers })).status).toBe(200);
    const cancel = await fetch(`${server.url}/api/v1/runs/${runId}/cancel`, { method: "POST", headers });
    expect(cancel.status).toBe(401);
  });
});

describe("runs", () => {
  test("are listed newest first, page by page, each once", async () => {
    const { database, call } = await world();
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
    const { database, call } = await world();
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
    const { call } = await world();
    const answer = await call(`/api/v1/runs?${query}`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(/^query: /);
  });

  test("one run shows its jobs, attempts and logs", async () => {
    const { database, call } = await world();
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
    const { call } = await world();
    for (const path of [`/api/v1/runs/${id}`, `/api/v1/attempts/${id}/logs/0`]) {
      expect([400, 404, 414]).toContain((await call(path)).status);
    }
  });

  test("an unknown run, or one without a plan, is 404", async () => {
    const { database, call } = await world();
    expect((await call(`/api/v1/runs/${randomUUID()}`)).status).toBe(404);
    const { runId } = await insertLease(database);
    expect((await call(`/api/v1/runs/${runId}/plan`)).status).toBe(404);
  });
});

describe("canceling and running again", () => {
  test("a live run is canceled and cannot be run again before it has ended", async () => {
    const { database, post } = await world();
    const { runId } = await insertLease(database);
    expect((await post(`/api/v1/runs/${runId}/rerun`, {})).status).toBe(409);
    const answer = await post(`/api/v1/runs/${runId}/cancel`, {});
    expect(answer.status).toBe(200);
    expect((await answer.json()) as RunView).toMatchObject({ cancel_requested_at: expect.any(String) });
  });

  test("an ended run is run again and cannot be canceled", async () => {
    const { database, post, end } = await world();
    const { runId } = await insertLease(database);
    await end(runId);
    expect((await post(`/api/v1/runs/${runId}/cancel`, {})).status).toBe(409);
    const answer = await post(`/api/v1/runs/${runId}/rerun`, {});
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ rerun_of: runId, state: "created", number: 2 });
  });

  test("an unknown run is 404, and what is no JSON is refused", async () => {
    const { post, call, database } = await world();
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

describe("local runs", () => {
  async function local() {
    const made = await world();
    const repository = new ScratchRepository();
    const head = repository.commit({ "a.txt": "1" });
    const body = {
      repository_path: repository.path,
      head,
      base: null,
      ref: "refs/heads/main",
      default_branch: "main",
      jobs: [],
      all: false,
    };
    return { ...made, repository, head, body };
  }

  test("start as a run of the repository in that folder", async () => {
    const { post, body, head, database } = await local();
    const answer = await post("/api/v1/runs", body);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      state: "created",
      head,
      event: { kind: "push", ref: "refs/heads/main", head, before: null, trust: "trusted" },
    });
    await post("/api/v1/runs", body);
    expect(await database`select number from delta.runs order by number`).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });

  test.each([
    ["a relative path", { repository_path: "x" }],
    ["a path with ..", { repository_path: "/tmp/../etc" }],
    ["a path that is no folder", { repository_path: "/nonexistent-folder" }],
    ["a folder that is no repository", { repository_path: "/proc" }],
    ["a commit that is not there", { head: "1".repeat(40), ref: "refs/heads/main" }],
    ["a base that is not there", { base: "1".repeat(40) }],
    ["a short commit", { head: "abc" }],
    ["a ref that is an option", { ref: "--upload-pack=x" }],
    ["a ref with a newline", { ref: "refs/heads/a\nb" }],
    ["an unknown field", { extra: 1 }],
    ["jobs that are no list", { jobs: "build" }],
  ])("%s is 400 and starts nothing", async (_name, change) => {
    const { post, body, database } = await local();
    const answer = await post("/api/v1/runs", { ...body, ...change });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(/^body: /);
    expect(await database`select 1 from delta.runs`).toHaveLength(0);
  });

  test("are refused to those who come through a proxy, and where they are switched off", async () => {
    const { post, body } = await local();
    expect((await post("/api/v1/runs", body, { "x-forwarded-for": "10.0.0.1" })).status).toBe(403);
    const off = await world(false);
    expect((await off.post("/api/v1/runs", body)).status).toBe(403);
  });
});

describe("events of a run", () => {
  async function read(response: Response): Promise<{ ids: string[]; views: RunView[] }> {
    const text = await response.text();
    return {
      ids: [...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1] ?? ""),
      views: [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? "") as RunView),
    };
  }

  test("tell the run now, at every change, and end with it", async () => {
    const { database, call, end } = await world();
    const { runId } = await insertLease(database);
    const response = await call(`/api/v1/runs/${runId}/events`);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const reading = read(response);
    await database`update delta.runs set version = version + 1 where id = ${runId}`;
    await end(runId);
    const { ids, views } = await reading;
    expect(views[0]).toMatchObject({ id: runId, state: "running" });
    expect(views.at(-1)).toMatchObject({ state: "canceled" });
    expect(ids.map(Number)).toEqual(ids.map(Number).toSorted((a, b) => a - b));
  });

  test("go on after the version that was seen", async () => {
    const { database, call, end } = await world();
    const { runId } = await insertLease(database);
    const response = await call(`/api/v1/runs/${runId}/events?after=1`);
    const reading = read(response);
    await end(runId);
    expect((await reading).views.map(({ state }) => state)).toEqual(["canceled"]);
    const again = await call(`/api/v1/runs/${runId}/events`, { headers: { "last-event-id": "2" } });
    expect(again.status).toBe(204);
  });

  test("of an unknown run are 404", async () => {
    const { call } = await world();
    expect((await call(`/api/v1/runs/${randomUUID()}/events`)).status).toBe(404);
  });
});

describe("logs", () => {
  test("are read from an offset, and followed to their end", async () => {
    const { database, logs, call } = await world();
    const lease = await insertLease(database);
    const writer = { ...lease, stream: 1 };
    await appendLog(logs, writer, 0, Buffer.from("hello "));
    const path = `/api/v1/attempts/${lease.attemptId}/logs/1`;
    const now = await call(`${path}?offset=2`);
    expect(now.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(now.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await now.text()).toBe("llo ");
    const following = await call(`${path}?follow=true`);
    await appendLog(logs, writer, 6, Buffer.from("world"));
    const sha256 = createHash("sha256").update("hello world").digest("hex");
    await closeLog(logs, writer, { size: 11, sha256, truncated: false });
    expect(await following.text()).toBe("hello world");
  });

  test.each(["offset=-1", "offset=x", "follow=yes", "x=1"])("with ?%s are 400", async (query) => {
    const { database, call } = await world();
    const { attemptId } = await insertLease(database);
    expect((await call(`/api/v1/attempts/${attemptId}/logs/1?${query}`)).status).toBe(400);
  });

  test("of an unknown attempt are 404, of a stream without bytes empty", async () => {
    const { database, call } = await world();
    expect((await call(`/api/v1/attempts/${randomUUID()}/logs/1`)).status).toBe(404);
    const { attemptId } = await insertLease(database);
    expect(await (await call(`/api/v1/attempts/${attemptId}/logs/1`)).text()).toBe("");
  });
});

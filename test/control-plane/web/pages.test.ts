import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createApiAccess } from "../../../control-plane/http/api-access.ts";
import { html } from "../../../control-plane/web/html.ts";
import { registerWeb } from "../../../control-plane/web/register-web.ts";
import { newId } from "../../../control-plane/clock.ts";
import { upsertRepository } from "../../../control-plane/db/deliveries.ts";
import { beginPlanning, createRun, storePlan } from "../../../control-plane/lifecycle/index.ts";
import type { RepositoryId } from "../../../schemas/ids.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { insertLease } from "../../support/leases.ts";
import { compiled, HEAD, leftOut, testEvent, testJob, testPlan } from "../../support/plans.ts";

const TOKEN = "a-token-of-the-api-for-tests";
const EVIL = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e&amp;`;

async function world() {
  const { database } = await createTestDatabase();
  const access = createApiAccess(TOKEN);
  const server = await startHttpServer((app) => registerWeb(app, { database, access }));
  const signIn = (fields: Record<string, string>) =>
    fetch(`${server.url}/login`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  const get = (
    path: string,
    headers: Record<string, string> = { cookie: `delta_session=${access.session}` },
  ) => fetch(`${server.url}${path}`, { headers, redirect: "manual" });
  return { database, server, access, signIn, get };
}

/** A planned run in which everything that people name is markup. */
async function evilRun(
  database: Awaited<ReturnType<typeof createTestDatabase>>["database"],
): Promise<string> {
  return database.begin(async (tx) => {
    const repository = {
      forgeId: "1",
      fullName: EVIL,
      cloneUrl: "/nowhere",
      defaultBranch: "main",
      installationId: null,
    };
    const { id } = await createRun(
      tx,
      { actor: "test", cause: "test" },
      {
        repositoryId: await upsertRepository(tx, "local", repository, newId<RepositoryId>()),
        deliveryId: null,
        event: testEvent({ ref: `refs/heads/${EVIL}` }),
        headSha: HEAD,
        baseSha: null,
        request: null,
        rerunOf: null,
      },
    );
    await beginPlanning(tx, { actor: "test", cause: "test" }, id);
    const plan = testPlan([testJob(EVIL)], {
      leftOut: [{ ...leftOut("docs"), because: EVIL, expression: EVIL }],
    });
    const evil = { ...plan, event: { ...plan.event, ref: `refs/heads/${EVIL}` } };
    await storePlan(tx, { actor: "test", cause: "test" }, id, compiled(evil));
    return id;
  });
}

describe("signing in", () => {
  test("with the token sets a cookie that scripts cannot read, and leads to the run", async () => {
    const { database, signIn, get } = await world();
    const { runId } = await insertLease(database);
    const away = await get(`/runs/${runId}`, {});
    expect(away.status).toBe(302);
    expect(away.headers.get("location")).toBe(`/login?next=/runs/${runId}`);
    const answer = await signIn({ token: TOKEN, next: `/runs/${runId}` });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe(`/runs/${runId}`);
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(cookie).not.toContain(TOKEN);
    const page = await get(`/runs/${runId}`, { cookie: cookie.split(";")[0] ?? "" });
    expect(page.status).toBe(200);
  });

  test("with another token does not", async () => {
    const { signIn } = await world();
    const answer = await signIn({ token: "wrong" });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test.each(["https://evil.example/", "//evil.example", "/runs/../x", "javascript:alert(1)"])(
    "never leads to %s",
    async (next) => {
      const { signIn } = await world();
      expect((await signIn({ token: TOKEN, next })).headers.get("location")).toBe("/runs");
    },
  );

  test("can be guessed at a few times a minute and no more", async () => {
    const { signIn } = await world();
    const answers = [];
    for (let time = 0; time < 22; time++) answers.push((await signIn({ token: "wrong" })).status);
    expect(answers.at(-1)).toBe(429);
  });
});

describe("a page", () => {
  test("shows names that are markup as text", async () => {
    const { database, get } = await world();
    const id = await evilRun(database);
    for (const path of [`/runs/${id}`, "/runs"]) {
      const text = await (await get(path)).text();
      expect(text).toContain("&lt;script&gt;alert(1)");
      expect(text).not.toContain("<script>alert");
      expect(text).not.toContain("<img src=x");
      expect(text).not.toContain("\u202e");
    }
  });

  test("lets a browser run and load nothing but the server's own files", async () => {
    const { database, get, server } = await world();
    const { runId } = await insertLease(database);
    const page = await get(`/runs/${runId}`);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("form-action 'self'");
    expect((await get("/runs")).headers.get("content-security-policy")).toContain("form-action 'none'");
    expect(policy).not.toContain("unsafe");
    const text = await page.text();
    expect(text).not.toMatch(/\son[a-z]+=|style=|javascript:/i);
    const files = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(5);
    for (const file of [...files, "/assets/ansi.js", "/assets/merge.js"]) {
      const answer = await fetch(`${server.url}${file}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("of a run tells its jobs, attempts, logs and why", async () => {
    const { database, get } = await world();
    const lease = await insertLease(database);
    await database`insert into delta.log_streams (attempt_id, stream, acked) values (${lease.attemptId}, 0, 5)`;
    const text = await (await get(`/runs/${lease.runId}`)).text();
    expect(text).toContain(`id="job-${lease.jobId}"`);
    expect(text).toContain(`data-log="/api/v1/attempts/${lease.attemptId}/logs/0"`);
    expect(text).toContain(`data-follow="yes"`);
    const planned = await evilRun(database);
    const decided = await (await get(`/runs/${planned}`)).text();
    expect(decided).toContain("What was decided, and why");
    expect(decided).toContain("delta plan");
  });

  test("of a run lists what its attempts left, with a link while it is there", async () => {
    const { database, get } = await world();
    const lease = await insertLease(database);
    await database`
      insert into delta.artifacts (attempt_id, name, position, type, acked, sha256, files, unpacked_bytes, closed_at,
        expires_at, removed_at)
      values (${lease.attemptId}, 'dist', 0, 'file', 1500000, 'x', 3, 9000000, now(), '2031-02-03T04:05:06Z', null),
        (${lease.attemptId}, 'tests', 1, 'junit', 17, 'x', 1, 20, now(), now(), '2030-02-03T04:05:06Z'),
        (${lease.attemptId}, 'begun', 2, 'file', 17, null, null, null, null, null, null)`;
    const text = await (await get(`/runs/${lease.runId}`)).text();
    const list = /<ul class="artifacts"[^]*?<\/ul>/.exec(text)?.[0] ?? "";
    expect(list).toContain(
      `href="/api/v1/attempts/${lease.attemptId}/artifacts/dist" download>dist.tar.gz</a>`,
    );
    const words = list.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
    expect(words).toContain(
      "dist.tar.gz 3 files, 1.4 MiB, 8.6 MiB unpacked kept until 2031-02-03 04:05:06 UTC",
    );
    expect(words).toContain("tests.tar.gz junit 1 file, 17 B, 20 B unpacked removed 2030-02-03 04:05:06 UTC");
    expect(list.match(/href=/g)).toHaveLength(1);
    expect(text).not.toContain("begun");
  });

  test("of an unknown run is 404, and of a bad id 400", async () => {
    const { get } = await world();
    expect((await get(`/runs/${randomUUID()}`)).status).toBe(404);
    expect((await get("/runs/x")).status).toBe(400);
    expect((await get("/assets/..%2frun-page.ts")).status).toBe(404);
  });
});

test("a template escapes values in text and attributes, and leaves its own markup", () => {
  const made = html`<a title="${`"'<>&`}">${[html`<b>${"<"}</b>`, null, false, 7]}</a>`;
  expect(made.text).toBe('<a title="&quot;&#39;&lt;&gt;&amp;"><b>&lt;</b>7</a>');
});

import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { GitHubForge } from "../../../control-plane/forge/github/github-forge.ts";
import { systemClock } from "../../../control-plane/clock.ts";
import { ForgeError, type CheckRequest, type ForgeRepository } from "../../../schemas/forge.ts";
import { primaryRateLimit, secondaryRateLimit, type Fault } from "../../support/github/faults.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";

const CREATE = "POST /repos/{owner}/{repo}/check-runs";
const UPDATE = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";
const LIST = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";
const TOKEN = "POST /app/installations/{installation_id}/access_tokens";
const HEAD = "a".repeat(40);

async function world() {
  const gitHub = await GitHubStandIn.start();
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  const served = gitHub.addRepository("ada/engine", "/nowhere");
  const { appId, privateKey } = gitHub.app;
  const forge = new GitHubForge(
    { apiUrl: gitHub.url, appId, privateKey, webhookSecret: gitHub.webhookSecret },
    systemClock,
    { warn: () => {} },
  );
  const repository: ForgeRepository = {
    forgeId: String(served.id),
    fullName: served.fullName,
    cloneUrl: `${gitHub.url}/ada/engine.git`,
    defaultBranch: "main",
    installationId: String(served.installationId),
  };
  return { gitHub, forge, repository, served };
}

function check(change: Partial<CheckRequest> = {}): CheckRequest {
  return {
    externalId: randomUUID(),
    name: "delta / build",
    headSha: HEAD,
    status: "in_progress",
    conclusion: null,
    startedAt: "2026-01-01T00:00:00.000Z",
    completedAt: null,
    detailsUrl: "http://127.0.0.1/runs/1",
    title: "running",
    summary: "1 of 2",
    text: null,
    annotations: [],
    ...change,
  };
}

function annotations(count: number): CheckRequest["annotations"] {
  return Array.from({ length: count }, (_, index) => ({
    path: ".delta/pipeline.yaml",
    startLine: index + 1,
    endLine: index + 1,
    startColumn: 1,
    endColumn: 4,
    level: "failure" as const,
    title: "DC1005",
    message: "the text is not YAML",
  }));
}

async function failureOf(call: Promise<unknown>): Promise<ForgeError> {
  const error = await call.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ForgeError);
  return error as ForgeError;
}

describe("checks on GitHub", () => {
  test("a check is created once and then updated under the id GitHub gave it", async () => {
    const { gitHub, forge, repository } = await world();
    const queued = check({ status: "queued", startedAt: null });
    const id = await forge.upsertCheck(repository, queued, null);
    const done = {
      ...queued,
      status: "completed",
      conclusion: "success",
      completedAt: "2026-01-01T00:01:00Z",
    };
    expect(await forge.upsertCheck(repository, done as CheckRequest, id)).toBe(id);
    expect(gitHub.checks).toHaveLength(1);
    expect(gitHub.checks[0]).toMatchObject({ status: "completed", conclusion: "success", name: queued.name });
    expect(gitHub.violations).toEqual([]);
  });

  test("a check whose creation got no answer is found again by its external id, not made twice", async () => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(CREATE, { kind: "drop", when: "after" });
    const request = check();
    const error = await failureOf(forge.upsertCheck(repository, request, null));
    expect(error.kind).toBe("retry");
    expect(gitHub.checks).toHaveLength(1);
    expect(await forge.upsertCheck(repository, request, null)).toBe(String(gitHub.checks[0]?.id));
    expect(gitHub.checks).toHaveLength(1);
  });

  test("checks of the same name with another external id are left alone", async () => {
    const { gitHub, forge, repository } = await world();
    const first = await forge.upsertCheck(repository, check(), null);
    const second = await forge.upsertCheck(repository, check(), null);
    expect(first).not.toBe(second);
    expect(gitHub.checks).toHaveLength(2);
  });

  test("annotations go out in batches of 50 and only once", async () => {
    const { gitHub, forge, repository } = await world();
    const request = check({ annotations: annotations(120) });
    const id = await forge.upsertCheck(repository, request, null);
    expect(gitHub.checks[0]?.annotations).toHaveLength(120);
    await forge.upsertCheck(repository, request, id);
    expect(gitHub.checks[0]?.annotations).toHaveLength(120);
    expect(gitHub.violations).toEqual([]);
  });

  test("a batch that failed is sent on the next try without repeating those before it", async () => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(UPDATE, { kind: "answer", status: 502 });
    const request = check({ annotations: annotations(70) });
    await failureOf(forge.upsertCheck(repository, request, null));
    expect(gitHub.checks[0]?.annotations).toHaveLength(50);
    await forge.upsertCheck(repository, request, null);
    expect(gitHub.checks[0]?.annotations.map(({ start_line }) => start_line)).toEqual(
      request.annotations.map(({ startLine }) => startLine),
    );
  });
});

describe("what GitHub's refusals mean", () => {
  const cases: readonly [name: string, fault: Fault, kind: ForgeError["kind"]][] = [
    ["403 without a limit", { kind: "answer", status: 403 }, "unauthorized"],
    ["404", { kind: "answer", status: 404 }, "gone"],
    ["410", { kind: "answer", status: 410 }, "gone"],
    ["409", { kind: "answer", status: 409 }, "retry"],
    ["422", { kind: "answer", status: 422 }, "rejected"],
    ["429", { kind: "answer", status: 429 }, "rate_limited"],
    ["500", { kind: "answer", status: 500 }, "retry"],
    ["503", { kind: "answer", status: 503 }, "retry"],
    ["a dropped connection", { kind: "drop", when: "before" }, "retry"],
  ];
  test.each(cases)("%s", async (_name, fault, kind) => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(LIST, fault);
    expect((await failureOf(forge.upsertCheck(repository, check(), null))).kind).toBe(kind);
    expect(gitHub.requests.filter(({ route }) => route === LIST)).toHaveLength(1);
  });

  test("a 401 that stays is unauthorized, after at most a few tries within seconds", async () => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(LIST, { kind: "answer", status: 401 }, 10);
    const started = performance.now();
    expect((await failureOf(forge.upsertCheck(repository, check(), null))).kind).toBe("unauthorized");
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a secondary rate limit says how long to wait, and nothing is repeated meanwhile", async () => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(CREATE, secondaryRateLimit(17));
    const error = await failureOf(forge.upsertCheck(repository, check(), null));
    expect(error).toMatchObject({ kind: "rate_limited", retryAfterMs: 17_000 });
    expect(gitHub.requests.filter(({ route }) => route === CREATE)).toHaveLength(1);
  });

  test("a used-up quota is waited for until its reset", async () => {
    const { gitHub, forge, repository } = await world();
    gitHub.fault(LIST, primaryRateLimit(Math.floor(Date.now() / 1000) + 120));
    const error = await failureOf(forge.upsertCheck(repository, check(), null));
    expect(error.kind).toBe("rate_limited");
    expect(error.retryAfterMs).toBeGreaterThan(100_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(120_000);
  });

  test("an App that was uninstalled is gone", async () => {
    const { gitHub, forge, repository, served } = await world();
    gitHub.uninstall(served);
    expect((await failureOf(forge.upsertCheck(repository, check(), null))).kind).toBe("gone");
  });

  test("an App with another key is unauthorized", async () => {
    const { gitHub, repository } = await world();
    const other = await world();
    const forge = new GitHubForge(
      {
        apiUrl: gitHub.url,
        appId: gitHub.app.appId,
        privateKey: other.gitHub.app.privateKey,
        webhookSecret: "s",
      },
      systemClock,
      { warn: () => {} },
    );
    expect((await failureOf(forge.upsertCheck(repository, check(), null))).kind).toBe("unauthorized");
  });
});

test("credentials for git can read the contents of the one repository and no more", async () => {
  const { gitHub, forge, repository, served } = await world();
  const { username, password } = await forge.gitCredentials(repository);
  expect(username).toBe("x-access-token");
  const asked = gitHub.requests.find(({ route }) => route === TOKEN);
  expect(asked?.body).toEqual({ repository_ids: [served.id], permissions: { contents: "read" } });
  const answer = await fetch(`${gitHub.url}/repos/ada/engine/check-runs`, {
    method: "POST",
    headers: {
      authorization: `token ${password}`,
      accept: "application/vnd.github+json",
      "content-type": "application/json",
    },
    body: JSON.stringify({ name: "x", head_sha: HEAD }),
  });
  expect(answer.status).toBe(403);
});

test("the stand-in refuses and keeps a request that GitHub does not know", async () => {
  const { gitHub } = await world();
  const answer = await fetch(`${gitHub.url}/user`);
  expect(answer.status).toBe(404);
  expect(gitHub.violations).toEqual(["nobody may call GET /user"]);
});

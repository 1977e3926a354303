import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../control-plane/clock.ts";
import { GitHubForge } from "../../../control-plane/forge/github/github-forge.ts";
import { Mirror, pinnedRef, type MirrorRequest } from "../../../control-plane/git/mirror.ts";
import type { GitCredentials } from "../../../schemas/forge.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const INFO_REFS = "GET /{owner}/{repo}.git/info/refs";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "delta-mirror-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A repository on this machine and a mirror that may fetch it. */
function localWorld() {
  const source = new ScratchRepository();
  const mirror = new Mirror(temporaryFolder(), { plainHttpHosts: [], localPaths: true });
  const request = (head: string, change: Partial<MirrorRequest> = {}): MirrorRequest => ({
    repositoryId: repositoryId,
    url: source.path,
    credentials: null,
    ref: "refs/heads/main",
    head,
    also: [],
    headRule: "reachable",
    ...change,
  });
  const repositoryId = randomUUID();
  const ask = (...args: string[]) =>
    execFileSync("git", ["--git-dir", mirror.pathOf(repositoryId), ...args], { encoding: "utf8" }).trim();
  return { source, mirror, request, ask, repositoryId };
}

async function gitHubWorld() {
  const gitHub = await GitHubStandIn.start();
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  const source = new ScratchRepository();
  const served = gitHub.addRepository("ada/engine", source.path);
  const { appId, privateKey } = gitHub.app;
  const forge = new GitHubForge(
    { apiUrl: gitHub.url, appId, privateKey, webhookSecret: gitHub.webhookSecret },
    systemClock,
    { warn: () => {} },
  );
  const mirror = new Mirror(temporaryFolder(), {
    plainHttpHosts: [new URL(gitHub.url).host],
    localPaths: false,
  });
  const credentials = () =>
    forge.gitCredentials({
      forgeId: String(served.id),
      fullName: served.fullName,
      cloneUrl: "",
      defaultBranch: "main",
      installationId: String(served.installationId),
    });
  const request = (head: string, change: Partial<MirrorRequest> = {}): MirrorRequest => ({
    repositoryId: randomUUID(),
    url: `${gitHub.url}/ada/engine.git`,
    credentials: null,
    ref: "refs/heads/main",
    head,
    also: [],
    headRule: "reachable",
    ...change,
  });
  return { gitHub, source, mirror, credentials, request };
}

describe("a mirror of a repository on this machine", () => {
  test("holds the head with its history and keeps it pinned", async () => {
    const { source, mirror, request, ask } = localWorld();
    const first = source.commit({ "a.txt": "1" });
    const second = source.commit({ "a.txt": "2" });
    expect(await mirror.fetch(request(second))).toMatchObject({ status: "ready" });
    expect(ask("rev-list", pinnedRef(second))).toBe(`${second}\n${first}`);
  });

  test("keeps a commit whose branch was deleted afterwards, and needs the source no more for it", async () => {
    const { source, mirror, request } = localWorld();
    const head = source.commit({ "a.txt": "1" });
    await mirror.fetch(request(head));
    rmSync(source.path, { recursive: true });
    expect(await mirror.fetch(request(head))).toMatchObject({ status: "ready" });
  });

  test("refuses a head that no branch or tag holds, unless any commit will do", async () => {
    const { source, mirror, request, ask } = localWorld();
    source.commit({ "a.txt": "1" });
    const lost = source.git("commit-tree", "-m", "nowhere", "HEAD^{tree}");
    expect(await mirror.fetch(request(lost))).toMatchObject({ status: "commit_unreachable" });
    expect(await mirror.fetch(request(lost, { headRule: "exists" }))).toMatchObject({ status: "ready" });
    expect(ask("rev-parse", pinnedRef(lost))).toBe(lost);
  });

  test("says so when the repository has no such commit", async () => {
    const { source, mirror, request } = localWorld();
    source.commit({ "a.txt": "1" });
    for (const headRule of ["reachable", "exists"] as const) {
      expect(await mirror.fetch(request("1".repeat(40), { headRule }))).toMatchObject({
        status: "commit_unreachable",
        detail: expect.stringContaining("1111111"),
      });
    }
  });

  test("fetches the further commits it can have and goes on without those it cannot", async () => {
    const { source, mirror, request, ask } = localWorld();
    const before = source.commit({ "a.txt": "1" });
    source.git("checkout", "--quiet", "--orphan", "other");
    const head = source.commit({ "b.txt": "2" });
    source.git("branch", "--quiet", "--force", "main", head);
    const answer = await mirror.fetch(request(head, { also: [before, "2".repeat(40)] }));
    expect(answer.status).toBe("ready");
    expect(ask("rev-parse", pinnedRef(before))).toBe(before);
    expect(ask("for-each-ref", pinnedRef("2".repeat(40)))).toBe("");
  });

  test("a pull request's ref outside branches and tags is fetched by its name", async () => {
    const { source, mirror, request } = localWorld();
    source.commit({ "a.txt": "1" });
    const change = source.git("commit-tree", "-m", "change", "-p", "HEAD", "HEAD^{tree}");
    source.git("update-ref", "refs/pull/7/head", change);
    expect(await mirror.fetch(request(change, { ref: "refs/pull/7/head" }))).toMatchObject({
      status: "ready",
    });
  });

  test("a forced push, a deleted branch and one whose name became a folder are followed", async () => {
    const { source, mirror, request, ask } = localWorld();
    source.commit({ "a.txt": "1" });
    source.git("branch", "topic");
    await mirror.fetch(request(source.git("rev-parse", "HEAD")));
    source.git("branch", "--quiet", "-D", "topic");
    source.git("branch", "topic/one");
    source.git("commit", "--quiet", "--amend", "--allow-empty", "--message", "rewritten");
    const head = source.git("rev-parse", "HEAD");
    expect(await mirror.fetch(request(head))).toMatchObject({ status: "ready" });
    expect(ask("for-each-ref", "--format=%(refname)", "refs/heads")).toBe(
      "refs/heads/main\nrefs/heads/topic/one",
    );
  });

  test("a shallow clone can be fetched from", async () => {
    const { source, mirror, request } = localWorld();
    source.commit({ "a.txt": "1" });
    const head = source.commit({ "a.txt": "2" });
    const shallow = new ScratchRepository();
    shallow.git("fetch", "--quiet", "--depth=1", `file://${source.path}`, "main:refs/heads/copy");
    const answer = await mirror.fetch(request(head, { url: shallow.path, headRule: "exists" }));
    expect(answer.status).toBe("ready");
  });

  test("hooks of the source and locks left behind by a killed fetch change nothing", async () => {
    const { source, mirror, request, repositoryId } = localWorld();
    const witness = join(temporaryFolder(), "ran");
    const first = source.commit({ "a.txt": "1" });
    await mirror.fetch(request(first));
    const second = source.commit({ "a.txt": "2" });
    const path = mirror.pathOf(repositoryId);
    for (const folder of [join(source.path, ".git"), path]) {
      mkdirSync(join(folder, "hooks"), { recursive: true });
      for (const hook of ["post-upload-pack", "reference-transaction", "pre-auto-gc"]) {
        writeFileSync(join(folder, "hooks", hook), `#!/bin/sh\ntouch ${witness}\n`, { mode: 0o755 });
      }
    }
    writeFileSync(join(path, "packed-refs.lock"), "");
    writeFileSync(join(path, "refs", "heads", "main.lock"), "");
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: 2 ** 30, host: hostname(), nonce: "x" }));
    expect(await mirror.fetch(request(second))).toMatchObject({ status: "ready" });
    expect(() => readFileSync(witness)).toThrow("ENOENT");
  });

  test("ten fetches at once from two mirrors of one folder all succeed", async () => {
    const { source, mirror, request, repositoryId } = localWorld();
    const twin = new Mirror(join(mirror.pathOf(repositoryId), ".."), {
      plainHttpHosts: [],
      localPaths: true,
    });
    const heads = Array.from({ length: 5 }, (_, index) => source.commit({ "a.txt": String(index) }));
    const answers = await Promise.all(
      heads.flatMap((head) => [mirror.fetch(request(head)), twin.fetch(request(head))]),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => "ready"));
  });
});

function commandLine(pid: string): string[] {
  try {
    return /^[0-9]+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
  } catch {
    return [];
  }
}

function encoded({ username, password }: GitCredentials): string {
  return Buffer.from(`${username}:${password}`).toString("base64");
}

describe("a mirror of a repository on GitHub", () => {
  test("is fetched with a token that stands in no argument, file or error", async () => {
    const { gitHub, source, mirror, credentials, request } = await gitHubWorld();
    const head = source.commit({ "a.txt": "1" });
    const login = await credentials();
    const wanted = request(head, { credentials: login });
    gitHub.fault(INFO_REFS, { kind: "stall", when: "before", ms: 300 });
    const fetching = mirror.fetch(wanted);
    await gitHub.until(() => gitHub.requests.some(({ route }) => route === INFO_REFS));
    const argumentsOfAll = readdirSync("/proc").flatMap((pid) => commandLine(pid));
    expect(argumentsOfAll.some((line) => line.includes("engine.git"))).toBe(true);
    expect(argumentsOfAll.filter((line) => line.includes(encoded(login)))).toEqual([]);
    expect(argumentsOfAll.filter((line) => line.includes(login.password))).toEqual([]);
    expect(await fetching).toMatchObject({ status: "ready" });
    expect(gitHub.violations).toEqual([]);
    const config = readFileSync(join(mirror.pathOf(wanted.repositoryId), "config"), "utf8");
    expect(config).not.toContain(login.password);
    expect(config).not.toContain("extraHeader");
  });

  test("without credentials is unauthorized, and git asks nobody for them", async () => {
    const { source, mirror, request } = await gitHubWorld();
    await expect(mirror.fetch(request(source.commit({})))).rejects.toMatchObject({ kind: "unauthorized" });
  });

  test.each([
    [503, "unavailable"],
    [404, "gone"],
  ] as const)("GitHub's %i means %s", async (status, kind) => {
    const { gitHub, source, mirror, credentials, request } = await gitHubWorld();
    gitHub.fault(INFO_REFS, { kind: "answer", status }, 5);
    const wanted = request(source.commit({}), { credentials: await credentials() });
    await expect(mirror.fetch(wanted)).rejects.toMatchObject({ kind });
  });

  test("a connection that drops is unavailable, and the next fetch succeeds", async () => {
    const { gitHub, source, mirror, credentials, request } = await gitHubWorld();
    gitHub.fault(INFO_REFS, { kind: "drop", when: "before" });
    const wanted = request(source.commit({}), { credentials: await credentials() });
    await expect(mirror.fetch(wanted)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await mirror.fetch(wanted)).toMatchObject({ status: "ready" });
  });

  test("a fetch that is aborted ends at once and leaves the mirror usable", async () => {
    const { gitHub, source, mirror, credentials, request } = await gitHubWorld();
    gitHub.fault(INFO_REFS, { kind: "stall", when: "before", ms: 60_000 });
    const abort = new AbortController();
    const wanted = request(source.commit({}), { credentials: await credentials() });
    const stuck = mirror.fetch({ ...wanted, signal: abort.signal });
    await gitHub.until(() => gitHub.requests.some(({ route }) => route === INFO_REFS));
    abort.abort();
    await expect(stuck).rejects.toThrow();
    expect(await mirror.fetch(wanted)).toMatchObject({ status: "ready" });
  });
});

test.each([
  "ext::sh -c id",
  "file:///etc",
  "--upload-pack=touch /tmp/x",
  "http://example.com/a.git",
  "https://user:secret@example.com/a.git",
  "ssh://example.com/a.git",
  "/etc",
])("%s is not fetched from", async (url) => {
  const mirror = new Mirror(temporaryFolder(), { plainHttpHosts: ["127.0.0.1:1"], localPaths: false });
  const failure = mirror.fetch({
    repositoryId: randomUUID(),
    url,
    credentials: null,
    ref: "refs/heads/main",
    head: "a".repeat(40),
    also: [],
    headRule: "reachable",
  });
  await expect(failure).rejects.toMatchObject({ kind: "forbidden" });
});

test("a mirror is named by a row id and by nothing else", () => {
  const mirror = new Mirror("/nowhere", { plainHttpHosts: [], localPaths: false });
  expect(() => mirror.pathOf("../../etc")).toThrow();
});

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PinnedRequest } from "../../../compiler/index.ts";
import { openRepository, personRoutes, PinnedLoader } from "../../../control-plane/git/index.ts";
import { addressOf, besideRepository, isAllowed } from "../../../control-plane/git/pinned-address.ts";
import type { PinnedRoute } from "../../../control-plane/git/pinned-loader.ts";
import { serverRoutes } from "../../../control-plane/git/pinned-routes.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const NODE = "version: 1\ntemplates: { node: { image: 'node:24' } }\n";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "delta-pinned-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function world(files: Readonly<Record<string, string>> = { "ci/node.yaml": NODE }) {
  const team = new ScratchRepository();
  const head = team.commit(files);
  const cache = folder();
  const route: PinnedRoute = { url: team.path, environment: process.env, secret: null };
  const loader = new PinnedLoader({
    folder: cache,
    route: () => Promise.resolve(route),
    whenUnavailable: "tell",
  });
  const load = (change: Partial<PinnedRequest> = {}) =>
    loader.load({ repo: "team/ci", ref: "main", file: "ci/node.yaml", sha256: sha256(NODE), ...change });
  return { team, head, cache, load };
}

const textOf = (answer: Awaited<ReturnType<PinnedLoader["load"]>>): string =>
  "bytes" in answer ? new TextDecoder().decode(answer.bytes) : answer.problem;

describe("a pinned file", () => {
  test("is read from a branch, a tag, a full ref and a commit", async () => {
    const { team, head, load } = world();
    team.git("tag", "v3");
    for (const ref of ["main", "v3", "refs/tags/v3", head]) expect(textOf(await load({ ref }))).toBe(NODE);
  });

  test("is kept by its digest: when the ref moved on or the repository is gone, it is still there", async () => {
    const { team, load } = world();
    await load();
    team.commit({ "ci/node.yaml": "version: 1\n" });
    expect(textOf(await load())).toBe(NODE);
    rmSync(team.path, { recursive: true });
    expect(textOf(await load())).toBe(NODE);
  });

  test("of another digest is an answer and is not kept", async () => {
    const { cache, load } = world();
    expect(textOf(await load({ sha256: "0".repeat(64) }))).toBe(NODE);
    expect(readdirSync(cache)).toEqual([]);
  });

  test("is fetched again when what is kept was damaged", async () => {
    const { cache, load } = world();
    await load();
    const [entry = ""] = readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(sha256(NODE)),
    );
    writeFileSync(join(cache, entry), "something else");
    expect(textOf(await load())).toBe(NODE);
  });

  test("that is absent, a folder, a link or too large is missing", async () => {
    const { team, load } = world({ "ci/node.yaml": NODE, "ci/large.yaml": "#".repeat(500 * 1024 + 1) });
    symlinkSync("node.yaml", join(team.path, "ci/link.yaml"));
    team.commit({});
    for (const file of ["ci/nod.yaml", "ci", "ci/link.yaml", "ci/large.yaml"])
      expect(textOf(await load({ file })), file).toBe("file_missing");
  });

  test("at a ref that is not there cannot be reached", async () => {
    const { load } = world();
    expect(await load({ ref: "gone" })).toMatchObject({
      problem: "unreachable",
      detail: expect.stringContaining("couldn't find remote ref gone") as string,
    });
  });

  test("leaves no repository behind, whatever came of it", async () => {
    const { cache, load } = world();
    await load();
    await load({ ref: "gone" });
    await load({ file: "absent" });
    expect(readdirSync(cache).filter((name) => name.startsWith("fetching-"))).toEqual([]);
  });
});

test("a server throws what a later try may reach, and says nothing of its secret", async () => {
  const secret = "a-very-secret-token";
  const route: PinnedRoute = { url: `/nowhere/${secret}`, environment: process.env, secret };
  const settings = { folder: folder(), route: () => Promise.resolve(route) };
  const request = { repo: "team/ci", ref: "main", file: "a.yaml", sha256: "0".repeat(64) };
  const told = await new PinnedLoader({ ...settings, whenUnavailable: "tell" }).load(request);
  expect(told).toMatchObject({ problem: "unreachable" });
  expect(JSON.stringify(told)).not.toContain(secret);
  const refusing: PinnedRoute = { url: "https://127.0.0.1:1/a.git", environment: process.env, secret: null };
  const server = new PinnedLoader({
    folder: settings.folder,
    route: () => Promise.resolve(refusing),
    whenUnavailable: "throw",
  });
  await expect(server.load(request)).rejects.toMatchObject({ name: "MirrorError", kind: "unavailable" });
});

describe("routes", () => {
  test.each([
    ["https://forge.example/acme/app.git", "https://forge.example/team/ci.git", "https"],
    ["https://forge.example:8443/acme/app", "https://forge.example:8443/team/ci", "https"],
    ["https://ada:secret@forge.example/acme/app", "https://forge.example/team/ci", "https"],
    ["ssh://git@forge.example:2222/acme/app.git", "ssh://git@forge.example:2222/team/ci.git", "ssh"],
    ["git@forge.example:acme/app.git", "git@forge.example:team/ci.git", "ssh"],
    ["/srv/git/acme/app.git", "/srv/git/team/ci.git", "file"],
    ["file:///srv/git/acme/app", "/srv/git/team/ci", "file"],
  ])("beside %s lies %s", (origin, url, protocol) => {
    expect(besideRepository(origin, "team/ci")).toEqual({ url, protocol });
  });

  test.each([
    "ext::sh -c id",
    "-oProxyCommand=id:x",
    "https://ada:secret@forge.example/a",
    "ftp://forge.example/a",
  ])("%s is no address", (text) => {
    expect(addressOf(text)).toBeNull();
    if (!text.startsWith("https")) expect(besideRepository(text, "team/ci")).toBeNull();
  });

  test("what may be included is a name, or the beginning of names", () => {
    expect(isAllowed("team/ci", ["*"])).toBe(true);
    expect(isAllowed("https://forge.example/a", ["*"])).toBe(false);
    expect(isAllowed("https://forge.example/a", ["https://forge.example/*"])).toBe(true);
    expect(isAllowed("team/ci", ["team/*"])).toBe(true);
    expect(isAllowed("teams/ci", ["team/*"])).toBe(false);
    expect(isAllowed("team/ci", ["team/other", "team/ci"])).toBe(true);
    expect(isAllowed("team/ci", [])).toBe(false);
  });

  test("a person without a remote `origin`, or who did not allow a URL, is told so", async () => {
    const repository = await openRepository(new ScratchRepository().path);
    const route = personRoutes(repository, ["*"]);
    expect(await route("team/ci")).toEqual({
      refused: "this repository has no remote `origin` whose forge it could be on",
    });
    expect(await route("https://forge.example/a")).toEqual({
      refused:
        "`https://forge.example/a` is not among what may be included from here: `*` (DELTA_INCLUDE_FROM)",
    });
  });

  test("a server reaches its own forge over https and a folder only where folders are allowed", async () => {
    const asked: string[] = [];
    const reach = (cloneUrl: string, localPaths: boolean) =>
      serverRoutes({
        cloneUrl,
        allowed: ["acme/*", "https://other.example/*", "ssh://other.example/*"],
        rules: { plainHttpHosts: [], localPaths },
        credentialsFor: (name) => {
          asked.push(name);
          return Promise.resolve({ username: "x", password: "a-secret" });
        },
      });
    const forge = reach("https://forge.example/acme/app.git", false);
    expect(await forge("acme/ci")).toMatchObject({
      url: "https://forge.example/acme/ci.git",
      secret: "a-secret",
    });
    expect(await forge("https://other.example/a")).toMatchObject({ secret: null });
    expect(asked).toEqual(["acme/ci"]);
    expect(await forge("other/ci")).toHaveProperty("refused");
    expect(await forge("ssh://other.example/a")).toHaveProperty("refused");
    expect(await reach("/srv/acme/app", false)("acme/ci")).toHaveProperty("refused");
  });
});

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { Mirror } from "../../../control-plane/git/mirror.ts";
import { asksOnlyFor } from "../../../control-plane/git/upload-pack-request.ts";
import { registerGitHttp } from "../../../control-plane/http/git-http.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { endLease, insertLease, type TestLease } from "../../support/leases.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const run = promisify(execFile);

async function world(large: Uint8Array = new Uint8Array()) {
  const { database } = await createTestDatabase();
  const source = new ScratchRepository();
  const parent = source.commit({ "a.txt": "1", large });
  const head = source.commit({ "a.txt": "2" });
  source.git("checkout", "--quiet", "--orphan", "private");
  const secret = source.commit({ "secret.txt": "s" });
  const folder = mkdtempSync(join(tmpdir(), "delta-mirror-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const mirror = new Mirror(folder, { plainHttpHosts: [], localPaths: true });
  const leaseOn = async (also: readonly string[]): Promise<TestLease> => {
    const lease = await insertLease(database, head);
    const { repositoryId } = lease;
    const wanted = { ref: "refs/heads/main", head, also, headRule: "reachable" } as const;
    await mirror.fetch({ repositoryId, url: source.path, credentials: null, ...wanted });
    return lease;
  };
  const [lease, other] = [await leaseOn([secret]), await leaseOn([])];
  const server = await startHttpServer((app) => registerGitHttp(app, { database, mirror }));
  return { database, server, lease, other, parent, head, secret };
}

function address(server: { readonly url: string }, lease: TestLease): string {
  return `${server.url}/runner/v1/leases/${lease.leaseId}/source.git`;
}

/** An empty repository that fetches with the lease's token, as a runner would. */
async function fetchInto(
  url: string,
  authorization: string,
  args: readonly string[],
  protocol = "2",
): Promise<{ readonly git: (...more: string[]) => string; readonly stderr: string; readonly code: number }> {
  const client = new ScratchRepository();
  const result = await run("git", ["-c", `protocol.version=${protocol}`, "fetch", "--quiet", url, ...args], {
    cwd: client.path,
    env: {
      PATH: process.env["PATH"],
      HOME: client.path,
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "http.extraHeader",
      GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
    },
  }).then(
    ({ stderr }) => ({ stderr, code: 0 }),
    (error: { stderr: string; code: number }) => ({ stderr: error.stderr, code: error.code }),
  );
  return { git: (...more) => client.git(...more), ...result };
}

const basic = (token: string) => `Basic ${Buffer.from(`lease:${token}`).toString("base64")}`;

describe("sources under a lease", () => {
  test.each([
    ["2", "Bearer"],
    ["2", "Basic"],
    ["0", "Bearer"],
  ])("git protocol %s with %s fetches the commit of the run", async (protocol, scheme) => {
    const { server, lease, head, parent } = await world();
    const authorization = scheme === "Basic" ? basic(lease.token) : `Bearer ${lease.token}`;
    const { git, stderr } = await fetchInto(address(server, lease), authorization, [head], protocol);
    expect(stderr).toBe("");
    expect(git("rev-list", "FETCH_HEAD")).toBe(`${head}\n${parent}`);
  });

  test("a shallow fetch brings the one commit alone", async () => {
    const { server, lease, head } = await world();
    const { git } = await fetchInto(address(server, lease), `Bearer ${lease.token}`, ["--depth=1", head]);
    expect(git("rev-list", "FETCH_HEAD")).toBe(head);
  });

  test("no other ref is listed, not even HEAD", async () => {
    const { server, lease, head } = await world();
    for (const protocol of ["0", "2"]) {
      const { stdout } = await run(
        "git",
        [
          "-c",
          `protocol.version=${protocol}`,
          "-c",
          `http.extraHeader=Authorization: Bearer ${lease.token}`,
          "ls-remote",
          address(server, lease),
        ],
        { env: { PATH: process.env["PATH"] } },
      );
      expect(stdout).toBe(`${head}\trefs/delta/commits/${head}\n`);
    }
  });

  test.each(["0", "2"])("a commit outside the run's history is refused in protocol %s", async (protocol) => {
    const { server, lease, secret } = await world();
    const { code, git } = await fetchInto(
      address(server, lease),
      `Bearer ${lease.token}`,
      [secret],
      protocol,
    );
    expect(code).not.toBe(0);
    expect(() => git("cat-file", "-e", secret)).toThrow();
  });

  test("pushing is no route", async () => {
    const { server, lease } = await world();
    const headers = { authorization: `Bearer ${lease.token}` };
    const refs = await fetch(`${address(server, lease)}/info/refs?service=git-receive-pack`, { headers });
    expect(refs.status).toBe(400);
    const push = await fetch(`${address(server, lease)}/git-receive-pack`, { method: "POST", headers });
    expect(push.status).toBe(404);
  });

  test("an ended lease, another's lease and a wrong token get the same answer", async () => {
    const { database, server, lease } = await world();
    const other = await insertLease(database);
    const refs = `${address(server, lease)}/info/refs?service=git-upload-pack`;
    const answers = [];
    for (const token of [other.token, "A".repeat(43)]) {
      answers.push(await fetch(refs, { headers: { authorization: `Bearer ${token}` } }));
    }
    await endLease(database, lease);
    answers.push(await fetch(refs, { headers: { authorization: `Bearer ${lease.token}` } }));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409]);
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ error: "stale_lease" });
  });

  test("no token, or one in the query, is asked for its name", async () => {
    const { server, lease } = await world();
    const bare = await fetch(`${address(server, lease)}/info/refs?service=git-upload-pack`);
    expect(bare.status).toBe(401);
    expect(bare.headers.get("www-authenticate")).toMatch(/^Basic/);
    const inQuery = await fetch(
      `${address(server, lease)}/info/refs?service=git-upload-pack&token=${lease.token}`,
    );
    expect(inQuery.status).toBe(400);
    expect(server.log.join("")).not.toContain(lease.token);
  });

  test.each([
    ["a path", "..%2f..%2fx"],
    ["a NUL", "%00"],
    ["ten thousand letters", "x".repeat(10_000)],
    ["an id that is a digit short", "0190a0b0-0000-7000-8000-00000000000"],
  ])("%s as lease id reaches nothing", async (_name, id) => {
    const { server } = await world();
    const answer = await fetch(
      `${server.url}/runner/v1/leases/${id}/source.git/info/refs?service=git-upload-pack`,
      {
        headers: { authorization: "Bearer x" },
      },
    );
    expect([400, 404, 414]).toContain(answer.status);
  });

  test("a client that leaves in the middle leaves no git process behind", async () => {
    const { server, lease, head } = await world();
    const abort = new AbortController();
    const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
    const body = `${line("command=fetch")}0001${line(`want ${head}\n`)}${line("done\n")}0000`;
    const answer = await fetch(`${address(server, lease)}/git-upload-pack`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${lease.token}`,
        "content-type": "application/x-git-upload-pack-request",
        "git-protocol": "version=2",
      },
      body,
      signal: abort.signal,
    });
    expect(answer.status).toBe(200);
    abort.abort();
    await expect
      .poll(() => processesNaming(lease.repositoryId), { timeout: 60_000, interval: 50 })
      .toEqual([]);
  });
});

describe("the places for fetches", () => {
  const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  /** A whole request for the commit, on a connection of its own. */
  const ask = (at: string, lease: TestLease, head: string): Socket => {
    const { hostname, port, pathname } = new URL(at);
    const body = `${line("command=fetch")}0001${line(`want ${head}\n`)}${line("done\n")}0000`;
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(
      [
        `POST ${pathname}/git-upload-pack HTTP/1.1`,
        `host: ${hostname}`,
        `authorization: Bearer ${lease.token}`,
        "content-type: application/x-git-upload-pack-request",
        "git-protocol: version=2",
        `content-length: ${body.length}`,
        "",
        body,
      ].join("\r\n"),
    );
    return socket;
  };

  test("are not lost to clients that leave before they are answered", async () => {
    const { server, lease, head } = await world();
    for (let time = 0; time < 40; time += 1) {
      const socket = ask(address(server, lease), lease, head);
      await once(socket, "connect");
      await new Promise((resolve) => socket.write("", resolve));
      socket.destroy();
    }
    const { code } = await fetchInto(address(server, lease), basic(lease.token), [head]);
    expect(code).toBe(0);
  });

  test("are not all taken by one lease whose clients read nothing", async () => {
    const { server, lease, head, other } = await world(randomBytes(8 * 1024 * 1024));
    const stuck = Array.from({ length: 40 }, () => ask(address(server, lease), lease, head).pause());
    await once(stuck[0] as Socket, "connect");
    await expect.poll(() => processesNaming(lease.repositoryId).length).toBeGreaterThan(0);
    const { code } = await fetchInto(address(server, other), basic(other.token), [head]);
    expect(code).toBe(0);
  });
});

/** Command lines of the machine's processes that hold the text. */
function processesNaming(text: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const line = /^[0-9]+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "";
      return line.includes(text) ? [line] : [];
    } catch {
      return [];
    }
  });
}

describe("requests of git clients", () => {
  const commit = "a".repeat(40);
  const other = "b".repeat(40);
  const line = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  const asks = (...parts: string[]) => asksOnlyFor(commit, Buffer.from(parts.join("")));

  test("a fetch of the one commit is fine in every protocol", () => {
    expect(asks(line("command=fetch"), "0001", line(`want ${commit}\n`), line("done\n"), "0000")).toBe(true);
    expect(asks(line("command=ls-refs\n"), "0001", line("peel\n"), "0000")).toBe(true);
    expect(
      asks(line(`want ${commit} side-band-64k\n`), "0000", line(`have ${other}\n`), line("done\n")),
    ).toBe(true);
  });

  test.each([
    ["another commit", [line(`want ${other}\n`)]],
    ["another commit after the right one", [line(`want ${commit}\n`), line(`want ${other}\n`)]],
    ["a commit by ref", [line("want-ref refs/heads/main\n")]],
    ["another commit behind a NUL", [line(`want ${other}\0${commit}\n`)]],
    ["another command", [line("command=object-info\n")]],
    ["a length that is no number", ["zzzzwant"]],
    ["a length past the end", ["00ffwant"]],
    ["a length of three", ["0003"]],
  ])("%s is not", (_name, parts) => {
    expect(asks(...parts)).toBe(false);
  });
});

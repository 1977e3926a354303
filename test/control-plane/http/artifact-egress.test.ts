import { randomBytes, randomUUID } from "node:crypto";
import { get as httpGet, type IncomingMessage } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { appendArtifact, closeArtifact } from "../../../control-plane/artifacts/artifact-store.ts";
import { RunningDigests } from "../../../control-plane/artifacts/running-digests.ts";
import { declareArtifacts } from "../../../control-plane/db/artifacts.ts";
import { inTransaction } from "../../../control-plane/db/in-transaction.ts";
import { SESSION_COOKIE } from "../../../control-plane/http/api-access.ts";
import type { RunView } from "../../../schemas/api.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { KEPT_MS, sha256Of, testArtifact } from "../../support/artifact-world.ts";
import { insertLease } from "../../support/leases.ts";
import { API_TOKEN, runsApiWorld } from "../../support/runs-api-world.ts";

/** An attempt that may leave `docs` and `dist`. */
async function world() {
  const made = await runsApiWorld();
  const { database, logs } = made;
  const lease = await insertLease(database);
  const declared = [testArtifact("docs", { type: "junit" }), testArtifact("dist")];
  await inTransaction(database, (tx) => declareArtifacts(tx, lease.attemptId as AttemptId, declared));
  const stores = { ...logs, digests: new RunningDigests(), keptMs: KEPT_MS };
  const append = async (name: string, ...chunks: readonly (string | Uint8Array)[]): Promise<number> => {
    let offset = 0;
    for (const chunk of chunks) {
      const answer = await appendArtifact(stores, { ...lease, name }, offset, Buffer.from(chunk));
      if ("refused" in answer) throw new Error(answer.refused);
      offset = answer.acked;
    }
    return offset;
  };
  const leave = async (name: string, ...chunks: readonly (string | Uint8Array)[]): Promise<void> => {
    const size = await append(name, ...chunks);
    const sha256 = sha256Of(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk))));
    const answer = await closeArtifact(
      stores,
      { ...lease, name },
      { size, sha256, files: 2, unpacked_bytes: 9 },
    );
    if ("refused" in answer) throw new Error(answer.refused);
  };
  const path = (name: string): string => `/api/v1/attempts/${lease.attemptId}/artifacts/${name}`;
  return { ...made, lease, append, leave, path };
}

describe("artifacts", () => {
  test("are given whole, as a file to keep that no browser shows", async () => {
    const { leave, call, path } = await world();
    await leave("dist", "hello ", "world");
    const answer = await call(path("dist"));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("hello world");
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/gzip",
      "content-length": "11",
      "content-disposition": 'attachment; filename="build-dist.tar.gz"',
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("default-src 'none'") as string,
    });
    const head = await call(path("dist"), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "11", ""]);
  });

  test.each([
    ["test[node=24,os=linux]", "test_node_24_os_linux_-dist.tar.gz"],
    ['x"\r\nset-cookie: a=b; filename="y.html', "x_set-cookie_a_b_filename_y.html-dist.tar.gz"],
    ["../../größe", "gr_e-dist.tar.gz"],
    ["k".repeat(300), `${"k".repeat(80)}-dist.tar.gz`],
  ])("of the job %j have a name that is safe", async (key, name) => {
    const { database, lease, leave, call, path } = await world();
    await database`update delta.jobs set key = ${key} where id = ${lease.jobId}`;
    await leave("dist", "x");
    const answer = await call(path("dist"));
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${name}"`);
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("are read with the token, or by a browser that was given it, and by nobody else", async () => {
    const { server, access, leave, path } = await world();
    await leave("dist", "x");
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${server.url}${path("dist")}`, { headers })).status;
    expect(await status({ authorization: `Bearer ${API_TOKEN}` })).toBe(200);
    expect(await status({ cookie: `${SESSION_COOKIE}=${access.session}` })).toBe(200);
    expect(await status({})).toBe(401);
    expect(await status({ cookie: `${SESSION_COOKIE}=other` })).toBe(401);
  });

  test("that are not whole, not there or asked for wrongly are refused", async () => {
    const { append, call, path } = await world();
    await append("dist", "cut");
    expect((await call(path("dist"))).status).toBe(404);
    expect((await call(path("docs"))).status).toBe(404);
    expect((await call(path("other"))).status).toBe(404);
    expect((await call(`/api/v1/attempts/${randomUUID()}/artifacts/dist`)).status).toBe(404);
    expect((await call(`${path("dist")}?x=1`)).status).toBe(400);
    expect((await call(path("..%2fdist"))).status).toBe(400);
  });

  test("whose time is over are gone once their run has ended, also before their bytes are", async () => {
    const { database, lease, leave, call, path, end } = await world();
    await leave("dist", "x");
    await leave("docs", "x");
    await database`update delta.artifacts set expires_at = clock_timestamp() where name = 'dist'`;
    expect((await call(path("dist"))).status).toBe(200);
    await end(lease.runId);
    const gone = await call(path("dist"));
    expect([gone.status, await gone.json()]).toMatchObject([410, { error: "artifact_gone" }]);
    expect((await call(path("docs"))).status).toBe(200);
    await database`update delta.artifacts set removed_at = clock_timestamp() where name = 'docs'`;
    expect((await call(path("docs"))).status).toBe(410);
  });

  test("that rotted end short of their length", async () => {
    const { logs, lease, leave, call, path } = await world();
    await leave("dist", "hello ", "world");
    const [second = ""] = (await logs.blobs.list(`artifacts/${lease.attemptId}/1`)).filter((key) =>
      key.includes("/6-"),
    );
    await logs.blobs.delete(second);
    await expect(call(path("dist")).then((answer) => answer.text())).rejects.toThrow();
  });

  test("wait for a slow reader, and are read no further for it", async () => {
    const { logs, server, leave, path } = await world();
    const chunks = Array.from({ length: 40 }, () => randomBytes(1024 * 1024));
    await leave("dist", ...chunks);
    await leave("docs", ...chunks);
    const read = vi.spyOn(logs.blobs, "get");
    const ask = (name: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${API_TOKEN}` };
        const request = httpGet(`${server.url}${path(name)}`, { headers, agent: false }, resolve);
        request.once("error", reject);
        onTestFinished(() => void request.destroy());
      });
    const slow = await ask("dist");
    let bytes = 0;
    for await (const chunk of await ask("docs")) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(40 * 1024 * 1024);
    const ofSlow = () => read.mock.calls.filter(([key]) => key.includes(`/1/`)).length;
    expect(ofSlow()).toBeLessThan(30);
    for await (const chunk of slow) bytes += (chunk as Buffer).length;
    expect([bytes, ofSlow()]).toEqual([80 * 1024 * 1024, 40]);
  });
});

test("a run's view lists what its attempts left whole, in the order of the pipeline", async () => {
  const { database, lease, append, leave, call } = await world();
  await leave("dist", "hello");
  await append("docs", "cut");
  const view = async () =>
    ((await (await call(`/api/v1/runs/${lease.runId}`)).json()) as RunView).jobs[0]?.attempts[0]?.artifacts;
  const isMoment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string;
  const dist = {
    name: "dist",
    type: "file",
    size: 5,
    sha256: sha256Of("hello"),
    files: 2,
    unpacked_bytes: 9,
    expires_at: isMoment,
    removed_at: null,
  };
  expect(await view()).toEqual([dist]);
  await database`
    update delta.artifacts set closed_at = clock_timestamp(), expires_at = clock_timestamp(), sha256 = '',
      files = 0, unpacked_bytes = 0, removed_at = clock_timestamp() where name = 'docs'`;
  expect(await view()).toMatchObject([{ name: "docs", type: "junit", removed_at: isMoment }, dist]);
});

import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { list } from "tar";
import { afterEach, describe, expect, test } from "vitest";
import type { ArtifactSpec, NeededArtifact } from "../../schemas/artifact-messages.ts";
import { RunnerWorld, type WorldOptions } from "../support/runner-world.ts";
import { packed, type PackedEntry } from "../support/packed-archive.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

const PRODUCER = "0198c0de-0000-7000-8000-00000000000a";

function artifact(name: string, paths: readonly string[], rest: Partial<ArtifactSpec> = {}): ArtifactSpec {
  return { name, paths: [...paths], when: "success", required: false, ...rest };
}

async function run(script: string, artifacts: ArtifactSpec[], rest: Partial<WorldOptions> = {}) {
  const { plane, runner } = await world.run({
    steps: [{ run: script }],
    ...rest,
    spec: { artifacts, ...rest.spec },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  return plane;
}

/** What is in an archive: `path` of files, `path -> target` of links. */
async function listed(archive: Buffer): Promise<readonly string[]> {
  const found: string[] = [];
  const parser = list({
    onReadEntry: ({ path, linkpath }) => found.push(linkpath ? `${path} -> ${linkpath}` : path),
  });
  const ended = new Promise((resolve) => parser.on("end", resolve));
  parser.end(archive);
  await ended;
  return found;
}

describe("artifacts that a job leaves behind", () => {
  test("hold what their globs choose, folders with all that is in them, under the paths of the checkout", async () => {
    const plane = await run(
      "mkdir -p dist/a reports; echo 1 > dist/a/x; echo 2 > dist/.hidden; ln -s a/x dist/link; echo 3 > reports/r.xml; echo 4 > reports/tmp.xml",
      [artifact("dist", ["dist"]), artifact("reports", ["reports/*.xml", "!reports/tmp.xml"])],
    );
    expect(plane.complete).toMatchObject({ outcome: "succeeded" });
    const { bytes, closed } = plane.artifacts.get("dist");
    expect(await listed(bytes)).toEqual(["dist/.hidden", "dist/a/x", "dist/link -> a/x"]);
    expect(closed).toMatchObject({ files: 3, unpacked_bytes: 4, size: bytes.length });
    expect(await listed(plane.artifacts.get("reports").bytes)).toEqual(["reports/r.xml"]);
    expect(plane.log(0)).toContain('artifact "dist": 3 files, 4 bytes');
  });

  test("are the same bytes for the same files, whoever packs them", async () => {
    const script = "mkdir dist; echo 1 > dist/x; touch -d 2020-01-01T00:00:00Z dist/x";
    const [one, two] = [
      await run(script, [artifact("dist", ["dist"])]),
      await run(script, [artifact("dist", ["dist"])]),
    ];
    expect(one.artifacts.get("dist").bytes).toEqual(two.artifacts.get("dist").bytes);
    expect(gunzipSync(one.artifacts.get("dist").bytes).includes("root")).toBe(false);
  });

  test("never hold a repository's own folder, or links that lead out", async () => {
    const plane = await run("git init -q sub; echo 1 > sub/x; ln -s /etc sub/etc; ln -s ../../.. sub/up", [
      artifact("all", ["**"]),
    ]);
    expect(await listed(plane.artifacts.get("all").bytes)).toEqual(["file.txt", "sub/x"]);
    expect(plane.log(0)).toContain("leaves out links that lead out of the workspace: sub/etc, sub/up");
  });

  test.each([
    ["success", "true", ["kept-always", "kept-success"]],
    ["failure", "false", ["kept-always", "kept-failure"]],
  ] as const)("are kept by how the job ended: %s", async (_, last, names) => {
    const all = (["always", "failure", "success"] as const).map((when) =>
      artifact(`kept-${when}`, ["out"], { when }),
    );
    const plane = await run(`echo 1 > out; ${last}`, all);
    expect(plane.artifacts.names).toEqual(names);
  });

  test("of a job that is canceled are those that are always kept", async () => {
    const plane = await world.plane({
      steps: [{ run: "echo 1 > out; echo ready; sleep 600" }],
      spec: {
        artifacts: [
          artifact("always", ["out"], { when: "always" }),
          artifact("failure", ["out"], { when: "failure" }),
        ],
      },
    });
    const runner = world.start(plane);
    await plane.until(() => plane.log(1).includes("ready"));
    plane.cancel("because", 500);
    expect(await runner.ended, runner.errors()).toBe(0);
    expect(plane.cancelAck).toMatchObject({ confirmed: "process_group_gone" });
    expect(plane.artifacts.names).toEqual(["always"]);
  });

  test("that match nothing are none, and fail the job only where they are required", async () => {
    const lenient = await run("true", [artifact("dist", ["dist/**"])]);
    expect(lenient.complete).toMatchObject({ outcome: "succeeded" });
    expect(lenient.artifacts.names).toEqual([]);
    const strict = await run("true", [artifact("dist", ["dist/**"], { required: true })]);
    expect(strict.complete).toMatchObject({
      outcome: "failed",
      reason: "artifact_missing",
      summary: 'artifact "dist": no file matches dist/**',
    });
  });

  test("with what is no file fail the job by name, and the others are kept", async () => {
    const plane = await run("mkdir dist; mkfifo dist/pipe; echo 1 > out", [
      artifact("dist", ["dist"]),
      artifact("out", ["out"]),
    ]);
    expect(plane.complete).toMatchObject({
      reason: "artifact_refused",
      summary: 'artifact "dist": dist/pipe is neither a file nor a link',
    });
    expect(plane.artifacts.names).toEqual(["out"]);
  });

  test("come through broken connections and lost answers, in many pieces", async () => {
    const plane = await run("head -c 5000000 /dev/urandom > big", [artifact("big", ["big"])], {
      fault: ({ name, count }) =>
        name !== "artifact" || count % 2 === 0 ? undefined : count % 4 === 1 ? "reset" : "swallow",
    });
    expect(plane.complete).toMatchObject({ outcome: "succeeded" });
    expect(plane.artifacts.get("big").closed).toMatchObject({ files: 1, unpacked_bytes: 5_000_000 });
  });

  test("that the control plane refuses fail the job", async () => {
    const plane = await world.plane({
      steps: [{ run: "echo 1 > out" }],
      spec: { artifacts: [artifact("out", ["out"])] },
    });
    plane.artifacts.reply("POST", "out", new URLSearchParams("offset=0"), Buffer.from("other bytes"));
    const runner = world.start(plane);
    expect(await runner.ended, runner.errors()).toBe(0);
    expect(plane.complete).toMatchObject({ outcome: "failed", reason: "artifact_failed" });
  });
});

const digestOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** A job that needs what an archive of these entries holds. */
async function needing(
  entries: readonly PackedEntry[],
  rest: Partial<NeededArtifact> = {},
  files?: WorldOptions["files"],
  instead?: Buffer,
) {
  const { archive, unpackedBytes } = packed(entries);
  const needed: NeededArtifact = {
    job_key: "build",
    attempt_id: PRODUCER,
    name: "dist",
    size: archive.length,
    sha256: digestOf(archive),
    files: entries.length,
    unpacked_bytes: unpackedBytes,
    ...rest,
  };
  return run("cat dist/x; test -x dist/run && test ! -u dist/run && readlink dist/link", [], {
    readable: new Map([[`${PRODUCER}/dist`, instead ?? archive]]),
    spec: { needed_artifacts: [needed] },
    ...(files && { files }),
  });
}

describe("artifacts that a job needs", () => {
  const good: readonly PackedEntry[] = [
    { path: "dist/x", content: "from build" },
    { path: "dist/run", content: "#!/bin/sh", mode: 0o4755 },
    { path: "dist/link", type: "SymbolicLink", linkpath: "x" },
  ];

  test("are in the workspace before the first step, with their modes and links, but no special bits", async () => {
    const plane = await needing(good, {}, { "dist/x": "of the commit, and longer than what is built" });
    expect(plane.complete).toMatchObject({ outcome: "succeeded" });
    expect(plane.log(1)).toBe("from buildx\n");
  });

  test.each<[string, readonly PackedEntry[], string]>([
    ["a path upwards", [{ path: "../out", content: "x" }], "leads out of the workspace"],
    ["a path from the root", [{ path: "/tmp/out", content: "x" }], "leads out of the workspace"],
    [
      "a path through a link",
      [
        { path: "d", type: "SymbolicLink", linkpath: "." },
        { path: "d/x", content: "x" },
      ],
      "leads through a link",
    ],
    [
      "a link upwards",
      [{ path: "d", type: "SymbolicLink", linkpath: "../.." }],
      "leads out of the workspace",
    ],
    [
      "a link from the root",
      [{ path: "d", type: "SymbolicLink", linkpath: "/etc" }],
      "leads out of the workspace",
    ],
    ["a second name", [{ path: "d", type: "Link", linkpath: "/etc/passwd" }], "neither a file nor a link"],
    ["a device", [{ path: "d", type: "CharacterDevice" }], "neither a file nor a link"],
    ["git's own folder", [{ path: ".git/config", content: "x" }], "a repository's own folder"],
  ])("with %s are refused", async (_, entries, words) => {
    const plane = await needing(entries);
    expect(plane.complete).toMatchObject({ outcome: "failed", reason: "artifact_refused", steps: [] });
    expect(plane.complete?.summary).toContain(words);
  });

  test("are not written through a link of the commit", async () => {
    const plane = await needing(
      [{ path: "out/x", content: "x" }],
      {},
      { "file.txt": "", out: { link: "/tmp" } },
    );
    expect(plane.complete).toMatchObject({ reason: "artifact_refused" });
    expect(plane.complete?.summary).toMatch(/cannot be unpacked: .*symbolic link/i);
  });

  test("that hold more than was announced are refused", async () => {
    const plane = await needing(good, { unpacked_bytes: 3 });
    expect(plane.complete).toMatchObject({ reason: "artifact_refused" });
    expect(plane.complete?.summary).toContain("more than was announced");
  });

  test("that are bombs of entries or of nothing at all end at once", async () => {
    const entries = Array.from({ length: 200_000 }, (_, index) => ({ path: `d/${index}` }));
    for (const bytes of [packed(entries).archive, gzipSync(Buffer.alloc(512 * 1024 * 1024))]) {
      const plane = await needing(
        [{ path: "x" }],
        { size: bytes.length, sha256: digestOf(bytes) },
        {},
        bytes,
      );
      expect(plane.complete?.summary).toContain("it holds more than was announced");
    }
  });

  test.each([
    ["other bytes", { sha256: "0".repeat(64) }, "is not what was stored"],
    ["too few bytes", { size: 1_000_000 }, "is not what was stored"],
    ["nothing any more", { name: "gone" }, "artifact_gone"],
  ])("of which there are %s fail the job", async (_, rest, words) => {
    const plane = await needing(good, rest);
    expect(plane.complete).toMatchObject({ outcome: "failed", reason: "artifact_failed" });
    expect(plane.complete?.summary).toContain(words);
  });
});

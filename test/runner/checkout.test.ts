import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

test("sources come through a Unix socket as through a port", async () => {
  const folder = mkdtempSync(join(tmpdir(), "delta-socket-"));
  try {
    const { plane, runner } = await world.run({
      socketPath: join(folder, "control-plane.sock"),
      steps: [{ run: "cat file.txt" }],
    });
    expect(await runner.ended, runner.errors()).toBe(0);
    expect(plane.log(1)).toBe("text\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a repository of sha256 objects is checked out", async () => {
  const { plane, runner } = await world.run({
    objectFormat: "sha256",
    steps: [{ run: "git rev-parse HEAD" }],
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(world.commit).toHaveLength(64);
  expect(plane.log(1)).toBe(`${world.commit}\n`);
});

test("the checkout holds one commit, no remote and no credential", async () => {
  const { plane, runner } = await world.run({
    steps: [
      {
        run: "git rev-list --count HEAD; git remote; git status --porcelain; cat .git/config .git/FETCH_HEAD",
      },
    ],
  });
  await runner.ended;
  expect(plane.log(1)).toMatch(/^1\n\[core\]/);
  expect(plane.log(1)).not.toContain(plane.leaseToken);
  expect(plane.log(1)).not.toContain("http");
});

test("a fetch that breaks is tried again", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "cat file.txt" }],
    fault: (call) => (call.name === "source" && call.count <= 2 ? "reset" : undefined),
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(plane.log(1)).toBe("text\n");
  expect(plane.log(0)).toContain("the fetch failed; trying again (1 of 3)");
});

test("a commit the mirror does not have is checkout_failed, with git's words in the runner's log", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "true" }],
    spec: { commit: "0123456789012345678901234567890123456789" },
  });
  expect(await runner.ended).toBe(0);
  expect(plane.complete).toMatchObject({ outcome: "failed", reason: "checkout_failed", steps: [] });
  expect(plane.complete?.summary).toContain("git fetch ended with exit code 128");
  expect(plane.log(0)).toContain("not our ref");
});

test("a machine without git is checkout_failed and says so", async () => {
  const { plane, runner } = await world.run({ steps: [{ run: "true" }], environment: { PATH: "/nowhere" } });
  expect(await runner.ended).toBe(0);
  expect(plane.complete).toMatchObject({ reason: "checkout_failed" });
  expect(plane.complete?.summary).toBe("git was not found where the runner runs");
});

test("hooks and filters of the machine's git configuration do not run", async () => {
  const home = mkdtempSync(join(tmpdir(), "delta-home-"));
  try {
    writeFileSync(
      join(home, ".gitconfig"),
      `[filter "loud"]\n smudge = touch ${home}/ran\n[core]\n hooksPath = ${home}\n`,
    );
    writeFileSync(join(home, "post-checkout"), `#!/bin/sh\ntouch ${home}/ran\n`, { mode: 0o755 });
    const { plane, runner } = await world.run({
      files: { ".gitattributes": "* filter=loud\n", "a.txt": "a\n" },
      steps: [{ run: "cat a.txt" }],
      environment: { HOME: home },
    });
    expect(await runner.ended).toBe(0);
    expect(plane.log(1)).toBe("a\n");
    expect(existsSync(join(home, "ran"))).toBe(false);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test.each([
  [{ depth: 1 }, "1"],
  [{ depth: 2 }, "2"],
  [{ depth: null }, "4"],
] as const)("a checkout of %o has the commits of history that it asked for", async (checkout, count) => {
  const { plane, runner } = await world.run({
    earlierCommits: 3,
    steps: [{ run: "git rev-list --count HEAD; cat file.txt" }],
    spec: { checkout },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(plane.log(1)).toBe(`${count}\ntext\n`);
});

test("without a checkout nothing is fetched and the workspace is empty, also where there is no git", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "pwd; /bin/ls -A" }],
    spec: { checkout: null },
    environment: { PATH: "/nowhere" },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(plane.complete).toMatchObject({ outcome: "succeeded" });
  expect(plane.log(1)).toMatch(/^\S+\/source\n$/);
  expect(plane.count("source")).toBe(0);
});

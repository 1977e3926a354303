import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runnerCommand } from "../../nomad/runner-folder.ts";
import { RUNNER_VERSION } from "../../runner/version.ts";
import type { ControlPlaneStandIn } from "../support/control-plane-stand-in.ts";
import { buildTestRunnerFolder } from "../support/nomad/runner-folder.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
let image: string;

/** An image that holds nothing but the runner's folder. */
beforeAll(async () => {
  image = mkdtempSync(join(tmpdir(), "delta-empty-image-"));
  await buildTestRunnerFolder(join(image, "delta"));
}, 120_000);
afterEach(() => world.cleanUp());
afterAll(() => rmSync(image, { recursive: true, force: true }));

test("the folder starts from any place without a variable of the machine", () => {
  const [command, ...args] = runnerCommand(join(image, "delta")) as [string, ...string[]];
  const { stdout } = spawnSync(command, [...args, "--version"], { encoding: "utf8", env: {} });
  expect(stdout).toBe(`${RUNNER_VERSION}\n`);
});

/** chroot needs the right to call it, which root has and most others do not. */
const mayChroot = spawnSync("chroot", ["/", "true"]).status === 0;

test.runIf(mayChroot)(
  "in an empty image it claims, heartbeats, logs and reports by a Unix socket",
  async () => {
    mkdirSync(join(image, "run"));
    const plane: ControlPlaneStandIn = await world.plane({
      socketPath: join(image, "run/control-plane.sock"),
      steps: [{ run: "true" }],
      // The report is not taken before a heartbeat was, so that the thread is proven to run here too.
      fault: ({ name }) =>
        name === "complete" && plane.count("heartbeat") === 0 ? { status: 503 } : undefined,
    });
    const runner = spawn("chroot", [image, ...runnerCommand("/delta"), "run"], {
      stdio: ["pipe", "inherit", "inherit"],
      env: { PATH: process.env.PATH },
    });
    const config = {
      version: 1,
      control_plane: "unix:/run/control-plane.sock",
      attempt_id: plane.attemptId,
      proof: { kind: "claim_token", token: plane.claimToken },
      workspace_root: "/work",
      inherit_env: ["*"],
    };
    runner.stdin.end(`${JSON.stringify(config)}\n`);
    const [status] = (await once(runner, "exit")) as [number];
    expect(status).toBe(0);
    // An empty image has no git: that much the runner needs from it, and it says so.
    expect(plane.complete).toMatchObject({ reason: "checkout_failed" });
    expect(plane.complete?.summary).toBe("git was not found where the runner runs");
    expect(plane.log(0)).toContain("git was not found");
  },
);

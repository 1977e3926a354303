import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { RUNNER_VERSION } from "../../runner/version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import type { CallName } from "../support/control-plane-stand-in.ts";
import { RUNNER_LAUNCHER } from "../support/runner-process.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

function launch(args: readonly string[], input: string) {
  return spawnSync(process.execPath, [RUNNER_LAUNCHER, ...args], { input, encoding: "utf8" });
}

test("a claim whose answer is lost is repeated as the same runner, and its job starts only after a renewal", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "true" }],
    fault: (call) => {
      if (call.name === "heartbeat" && call.count === 1) return { delayMs: 1_500 };
      return call.name === "claim" && call.count === 1 ? "swallow" : undefined;
    },
  });
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  const claims = plane.calls.filter((call) => call.name === "claim").map((call) => call.body);
  expect(claims[1]).toEqual(claims[0]);
  const firstAt = (name: CallName): number =>
    plane.calls.find((call) => call.name === name)?.atMs ?? Number.NaN;
  expect(firstAt("source") - firstAt("heartbeat")).toBeGreaterThanOrEqual(1_490);
});

test("a runner waits for a control plane that is not up yet", async () => {
  const plane = await world.plane({ steps: [{ run: "echo late" }] });
  await plane.stopListening();
  const runner = world.start(plane);
  await plane.breakConnections(2);
  await plane.listen();
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(plane.log(1)).toBe("late\n");
});

test("a second runner of the same attempt is refused and runs nothing", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; while [ ! -e go ]; do sleep 0.05; done" }],
  });
  await plane.until(() => plane.log(1) === "up\n");
  const second = world.start(plane, { config: { workspace_root: runner.workspaceRoot } });
  expect(await second.ended).toBe(RUNNER_EXIT.claim_refused);
  expect(second.errors()).toContain("unauthorized");
  writeFileSync(join(runner.workspaceRoot, `attempt-${plane.attemptId}`, "source", "go"), "");
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
});

test("a wrong token is refused, and is not in what the runner says about it", async () => {
  const token = "A".repeat(43);
  const { runner } = await world.run({
    steps: [{ run: "true" }],
    config: { proof: { kind: "claim_token", token } },
  });
  expect(await runner.ended).toBe(RUNNER_EXIT.claim_refused);
  expect(runner.errors()).not.toContain(token);
});

test.each([
  ["nothing", "", "standard input ended"],
  ["no JSON", "secret-token\n", "the configuration is not one line of JSON"],
  ["an unknown field", '{"version":1,"token":"x"}\n', "configuration"],
  ["another version", '{"version":2}\n', "configuration"],
])("a configuration of %s is refused by name without being repeated", (_what, input, words) => {
  const { status, stderr } = launch(["run"], input);
  expect(status).toBe(RUNNER_EXIT.bad_configuration);
  expect(stderr).toContain(words);
  expect(stderr).not.toContain("secret-token");
});

test.each(["http://", "unix:relative", "ftp://host", "http://user:pass@host", "http://host/path", "x"])(
  "the control plane address %s is refused",
  (control_plane) => {
    const proof = { kind: "claim_token", token: "A".repeat(43) };
    const attempt_id = "0198c0de-0000-7000-8000-000000000001";
    const config = { version: 1, control_plane, attempt_id, proof, workspace_root: "/tmp", inherit_env: [] };
    const { status, stderr } = launch([], `${JSON.stringify(config)}\n`);
    expect(status).toBe(RUNNER_EXIT.bad_configuration);
    expect(stderr).toContain("configuration /control_plane");
    expect(stderr).not.toContain("pass@");
  },
);

test("a configuration file and an identity file are deleted once read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "delta-config-"));
  try {
    const plane = await world.plane({ steps: [{ run: "true" }] });
    const [file, identity] = [join(folder, "runner.json"), join(folder, "identity.jwt")];
    writeFileSync(identity, `${"j".repeat(40)}\n`);
    const config = {
      version: 1,
      control_plane: plane.url,
      attempt_id: plane.attemptId,
      proof: { kind: "nomad_identity_file", file: identity },
      workspace_root: folder,
      inherit_env: [],
    };
    writeFileSync(file, JSON.stringify(config));
    const runner = world.startWithFile(file);
    expect(await runner.ended).toBe(RUNNER_EXIT.claim_refused);
    expect(plane.calls[0]?.body).toMatchObject({ proof: { kind: "nomad_identity", jwt: "j".repeat(40) } });
    expect([existsSync(file), existsSync(identity)]).toEqual([false, false]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the usage names the commands, and the version is the package's", () => {
  expect(launch(["jump"], "").stderr).toContain("usage: delta-runner");
  expect(launch(["jump"], "").status).toBe(RUNNER_EXIT.bad_configuration);
  expect(launch(["--version"], "").stdout).toBe(`${packageJson.version}\n`);
  expect(RUNNER_VERSION).toBe(packageJson.version);
});

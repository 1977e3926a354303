import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { delta } from "./support/delta.ts";
import { temporaryFolder } from "./support/repository.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

/** A cluster's file for containers, in a folder of its own. */
function configFile(address: string, changes: object = {}): { readonly cwd: string; readonly file: string } {
  const cwd = temporaryFolder();
  const pool = {
    task: { driver: "docker", default_image: `registry.example/base@${DIGEST}` },
    resources: { cpu_millis: 100, memory_mb: 64, disk_mb: 100 },
    resources_max: { cpu_millis: 100, memory_mb: 64, disk_mb: 100 },
  };
  const file = join(cwd, "nomad.json");
  writeFileSync(file, JSON.stringify({ version: 1, address, pools: { default: pool }, ...changes }));
  return { cwd, file };
}

async function startFake() {
  const fake = await startFakeNomad();
  onTestFinished(() => fake.close());
  return fake;
}

describe("delta nomad setup", () => {
  const args = ["nomad", "setup", "--control-plane", "https://ci.example:8443", "--out", "out"];

  test("writes every file with the line that puts it to use, and can be repeated", async () => {
    const cwd = temporaryFolder();
    const first = await delta(args, { cwd });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain("out/delta-policy.hcl\n  nomad acl policy apply delta delta-policy.hcl");
    expect(readFileSync(join(cwd, "out/delta-relay.service"), "utf8")).toContain("https://ci.example:8443");
    expect(await delta(args, { cwd })).toEqual(first);
  });

  test("leaves a file alone that a person has changed", async () => {
    const cwd = temporaryFolder();
    await delta(args, { cwd });
    writeFileSync(join(cwd, "out/delta-namespace.hcl"), "mine\n");
    const { code, stderr } = await delta(args, { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("out/delta-namespace.hcl is there, with another text");
    expect(readFileSync(join(cwd, "out/delta-namespace.hcl"), "utf8")).toBe("mine\n");
  });

  test("refuses a value that would break out of its place", async () => {
    const cwd = temporaryFolder();
    const { code, stderr } = await delta([...args, "--namespace", 'ci" {}'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("cannot stand in a configuration file");
  });
});

describe("delta nomad doctor", () => {
  test("finds nothing wrong with a cluster that has everything, and registers nothing", async () => {
    const fake = await startFake();
    const { cwd, file } = configFile(fake.address);
    const { code, stdout } = await delta(["nomad", "doctor", "--nomad-config", file], { cwd });
    expect(stdout).not.toContain("✗");
    expect(stdout).toMatch(/✓ deregister-job +granted/);
    expect(stdout).toMatch(/✓ pool default +an attempt would be taken/);
    expect(stdout).toMatch(/✓ image default +registry.example/);
    expect(stdout).toMatch(/✓ volume default +delta-runner on 1 node$/m);
    expect(stdout).toMatch(/✓ version +Nomad 2.0.5/);
    expect(stdout).toMatch(/! relay +not looked at/);
    expect(code).toBe(0);
    expect(fake.state.jobs.size).toBe(0);
  });

  test("ends with 1 and says what to do when no Nomad is there", async () => {
    const { cwd, file } = configFile("http://127.0.0.1:1");
    const { code, stdout } = await delta(["nomad", "doctor", "--nomad-config", file, "--json"], { cwd });
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; advice: string }[] };
    expect(findings).toMatchObject([{ check: "reachable", state: "bad" }]);
    expect(findings[0]?.advice).toContain("address");
  });

  test("says that registration is switched off, and that a node pool does not exist", async () => {
    const fake = await startFake();
    const { cwd, file } = configFile(fake.address);
    const args = ["nomad", "doctor", "--nomad-config", file];
    fake.registerRefusal = {
      status: 500,
      text: "job registration, dispatch, and scale are disabled by the scheduler configuration",
    };
    expect((await delta(args, { cwd })).stdout).toMatch(/✗ pool default +job registration is switched off/);
    fake.registerRefusal = { status: 500, text: 'job "x" is in nonexistent node pool "ci"' };
    expect((await delta(args, { cwd })).stdout).toMatch(/✗ pool default .*nonexistent node pool/);
  });

  test("names the place of a fault in the file, and ends with 2", async () => {
    const { cwd, file } = configFile("http://127.0.0.1:1", { pools: {} });
    const { code, stderr } = await delta(["nomad", "doctor", "--nomad-config", file], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("at least one pool must be named");
  });
});

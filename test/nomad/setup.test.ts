import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { QEMU_FLAGS } from "../../nomad/profiles/qemu.ts";
import { readNomadConfig } from "../../nomad/read-config.ts";
import type { SetupOptions } from "../../nomad/setup-options.ts";
import { setupFiles } from "../../nomad/setup.ts";

const options: SetupOptions = {
  namespace: "ci",
  installation: "main",
  nodePool: "ci-containers",
  runnerVolume: "delta-runner",
  runnerFolder: "/opt/delta",
  controlPlane: "https://ci.example:8443",
  ownAuthority: false,
  machines: null,
  relay: { kind: "systemd" },
};

test("each file names what it was asked for, and how it is used", () => {
  const files = setupFiles(options);
  const textOf = (name: string) => files.find((file) => file.name === name)?.text ?? "";
  expect(textOf("delta-policy.hcl")).toContain('namespace "ci"');
  expect(textOf("delta-policy.hcl")).toContain('host_volume "delta-runner"');
  expect(textOf("delta-client.hcl")).toContain('path      = "/opt/delta"');
  expect(textOf("delta-relay.service")).toContain(
    "relay --socket /opt/delta/control.sock --control-plane https://ci.example:8443",
  );
  expect(files.every((file) => file.use !== "" && file.text.endsWith("\n"))).toBe(true);
});

test("a value that would break out of its place is refused", () => {
  expect(() => setupFiles({ ...options, namespace: 'ci" {}\nnamespace "*' })).toThrow(/cannot stand/);
});

test("an authority of one's own is named to the relay, beside the runner", () => {
  const unit = setupFiles({ ...options, ownAuthority: true }).find(
    ({ name }) => name === "delta-relay.service",
  );
  expect(unit?.text).toContain("--control-plane https://ci.example:8443 --ca /opt/delta/ca.pem\n");
});

describe("with machines", () => {
  const machines = { nodePool: "ci-machines", imagesFolder: "/srv/images", accelerator: "tcg" } as const;
  const textOf = (name: string, changes: Partial<SetupOptions> = {}) =>
    setupFiles({ ...options, machines, ...changes }).find((file) => file.name === name)?.text ?? "";

  test("the namespace lets QEMU run, and the policy lets the console be read; without them neither", () => {
    expect(textOf("delta-namespace.hcl")).toContain('enabled_task_drivers  = ["docker", "qemu"]');
    expect(textOf("delta-policy.hcl")).toContain('"deregister-job", "read-logs"]');
    const without = setupFiles(options).map(({ text }) => text);
    expect(without.join("\n")).not.toMatch(/qemu|read-logs|machine/);
  });

  test("the clients' driver takes the images and the arguments of our machines, and nothing else", () => {
    const text = textOf("delta-machine-client.hcl");
    expect(text).toContain('image_paths    = ["/srv/images"]');
    const list = /args_allowlist = \[\n((?: +"\S+",\n)+) +\]/.exec(text)?.[1] ?? "";
    expect([...list.matchAll(/"(\S+)"/g)].map((match) => match[1])).toEqual([...QEMU_FLAGS]);
    expect(text).toContain('node_pool        = "ci-machines"');
    expect(textOf("delta-machine-node-pool.hcl")).toContain('node_pool "ci-machines"');
  });

  test("the pool's entry is one that the control plane takes, and its images lie where the driver takes them", () => {
    const pools = JSON.parse(textOf("delta-machine-pool.json", { runnerFolder: "/srv/delta" }));
    const file = { version: 1, address: "http://127.0.0.1:4646", pools };
    const { config } = readNomadConfig("nomad.json", JSON.stringify(file), null);
    expect(config.pools["machines"]).toMatchObject({ nodePool: "ci-machines", profile: { driver: "qemu" } });
    expect(config.pools["machines"]?.profile.machine?.needs).toMatchObject({
      disks: ["/srv/images/debian-12/disk.qcow2"],
      files: expect.arrayContaining(["/srv/images/debian-12/vmlinuz", "/srv/delta/delta-runner.img"]),
      isKvm: false,
    });
  });

  test("its clients keep the relay by systemd, also where that of containers is a job", () => {
    const relay = { kind: "nomad", image: "registry.example/any:1" } as const;
    const relays = setupFiles({ ...options, machines, relay }).filter(({ name }) => name.includes("relay"));
    expect(relays.map(({ name }) => name)).toEqual(["delta-relay.nomad.hcl", "delta-relay.service"]);
    expect(relays[1]?.use).toContain("pool of machines");
  });
});

test("with an image the relay is a system job, and clients offer it the folder to write to", () => {
  const relay = { kind: "nomad", image: "registry.example/any:1" } as const;
  const files = setupFiles({ ...options, relay });
  const names = files.map(({ name }) => name);
  expect(names).toContain("delta-relay.nomad.hcl");
  expect(names).not.toContain("delta-relay.service");
  const client = files.find(({ name }) => name === "delta-client.hcl")?.text;
  expect(client).toMatch(/host_volume "delta-runner-relay" \{\n +path = "\/opt\/delta"\n +\}/);
  expect(setupFiles(options).find(({ name }) => name === "delta-client.hcl")?.text).not.toContain("-relay");
});

/** systemd's own reader, where it is installed. */
const canVerify = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.runIf(canVerify)("systemd has nothing to say against the relay's unit", async () => {
  const folder = await mkdtemp(join(tmpdir(), "delta-unit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "lib"));
  await writeFile(join(folder, "lib/loader"), "", { mode: 0o755 });
  const unit = setupFiles({ ...options, runnerFolder: folder, ownAuthority: true }).at(-1);
  const file = join(folder, "delta-relay.service");
  const verify = async (text: string) => {
    await writeFile(file, text);
    const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], {
      encoding: "utf8",
    });
    return (stdout + stderr).split("\n").filter((line) => line.includes("delta-relay.service"));
  };
  const text = unit?.text ?? "";
  expect(await verify(text)).toEqual([]);
  expect(await verify(text.replace("Restart=always", "Restart=perhaps"))).not.toEqual([]);
});

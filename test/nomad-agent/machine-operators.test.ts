import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applySetup } from "../../nomad/apply-setup.ts";
import { machineImageIn } from "../../nomad/images/build-machine-image.ts";
import { CLIENT_DEFAULTS, diagnoseNomad } from "../../nomad/index.ts";
import { QEMU_FLAGS } from "../../nomad/profiles/qemu.ts";
import { qemuProfileOf } from "../../nomad/read-qemu-task.ts";
import type { SetupOptions } from "../../nomad/setup-options.ts";
import { MACHINE_CAPABILITIES, NAMESPACE_CAPABILITIES, policyText, setupFiles } from "../../nomad/setup.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { grantToken, manage } from "../support/nomad/operator.ts";
import { nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { findNomadBinary } from "./binary.ts";
import { missingPart } from "./parts.ts";

const READERS = { node: 'node { policy = "read" }\n', agent: 'agent { policy = "read" }\n' };
const CAPABILITIES = [...NAMESPACE_CAPABILITIES, ...MACHINE_CAPABILITIES];

describe.runIf(missingPart("agent") === null)("operators of machines, on a real agent with ACLs", () => {
  let agent: NomadAgent;
  let folder: string;
  let clientAddress: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "delta-machine-operators-"));
    await chmod(folder, 0o755);
    const image = machineImageIn(join(folder, "images/debian-12"));
    const runner = ["delta-runner.img", "bin/node", "delta-runner.mjs"].map((name) => join(folder, name));
    for (const file of [image.disk, image.kernel, image.initrd, ...runner]) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, "");
    }
    const config = { image_paths: [join(folder, "images")], args_allowlist: QEMU_FLAGS };
    agent = await startNomadAgent({ acl: true, plugins: [{ qemu: [{ config: [config] }] }] });
    for (const place of ["", "data", "data/client"]) await chmod(join(agent.folder, place), 0o711);
    const [node] = (await manage(agent, "/nodes")) as { ID: string }[];
    const { HTTPAddr } = (await manage(agent, `/node/${node?.ID}`)) as { HTTPAddr: string };
    clientAddress = `http://${HTTPAddr}`;
  });
  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true });
  });

  /** The findings by their check, for a token with these rules; drivers are what this machine has. */
  async function diagnoseWith(
    name: string,
    rules: string,
    images = join(folder, "images"),
    namespace = "default",
  ) {
    const tokenFile = await grantToken(agent, folder, name, rules);
    const profile = qemuProfileOf({
      driver: "qemu",
      images: { "debian-12": machineImageIn(join(images, "debian-12")) },
      default_image: "debian-12",
      runner_folder: folder,
      accelerator: "kvm",
    });
    const config = nomadConfig(agent.address, {
      tokenFile,
      namespace,
      claimProof: "workload_identity",
      pools: { machines: poolOf(profile) },
    });
    const client = { address: clientAddress, kvmDevice: join(folder, "kvm"), cpuInfo: "/proc/cpuinfo" };
    const findings = await diagnoseNomad(config, { relaySocket: null, nodeTokenFile: null, client });
    return new Map(findings.map((finding) => [finding.check, finding]));
  }
  const rulesOf = (capabilities: readonly string[], readers = `${READERS.node}${READERS.agent}`) =>
    policyText("default", "delta-runner", capabilities) + readers;

  test("the doctor reads the client's own driver, files and folders, and says that kvm is not there", async () => {
    const found = await diagnoseWith("all", rulesOf(CAPABILITIES));
    for (const check of ["image_paths", "args_allowlist", "files", "data_dir", "pool"]) {
      expect(found.get(`${check} machines`), check).toMatchObject({ state: "ok" });
    }
    expect(found.get("read-logs")).toMatchObject({ state: "ok", found: "granted" });
    expect(found.get("kvm machines")).toMatchObject({
      state: "bad",
      found: `the pool wants kvm, and ${join(folder, "kvm")} is not there`,
    });
    // Where QEMU is not installed Nomad itself says so, and this names the client.
    const missing = found.get("driver machines");
    expect(missing === undefined || missing.found === "qemu is not detected on client").toBe(true);
  });

  test("the doctor names images that the client's driver does not take", async () => {
    const found = await diagnoseWith("elsewhere", rulesOf(CAPABILITIES), join(folder, "other"));
    expect(found.get("image_paths machines")).toMatchObject({
      state: "bad",
      found: expect.stringMatching(/other\/debian-12\/disk\.qcow2 is below none of .*\/images$/),
    });
    expect(found.get("files machines")).toMatchObject({ found: expect.stringContaining("is not there") });
  });

  test("the doctor says that the namespace does not let QEMU run", async () => {
    await manage(agent, "/namespace", {
      Name: "no-machines",
      Capabilities: { EnabledTaskDrivers: ["docker"] },
    });
    const rules = policyText("no-machines", "delta-runner", CAPABILITIES);
    const found = await diagnoseWith("no-machines", rules, undefined, "no-machines");
    expect(found.get("pool machines")).toMatchObject({
      state: "bad",
      found: expect.stringContaining("qemu"),
      advice: expect.stringContaining("namespace"),
    });
  });

  test.each([
    ["read-logs", "read-logs", "note", rulesOf(NAMESPACE_CAPABILITIES)],
    ["agent", "machines", "bad", rulesOf(CAPABILITIES, READERS.node)],
    ["node", "nodes", "note", rulesOf(CAPABILITIES, READERS.agent)],
  ])("without the right of %s the doctor names it", async (name, check, state, rules) => {
    const found = await diagnoseWith(`without-${name}`, rules);
    expect(found.get(check)).toMatchObject({ state, found: expect.stringMatching(/denied|cannot be read/) });
    const others = new Map([
      ["read-logs", "ok"],
      ["image_paths machines", "ok"],
    ]);
    others.delete(check);
    if (check === "machines") others.delete("image_paths machines");
    for (const [other, expected] of others) expect(found.get(other)?.state, other).toBe(expected);
  });

  test("setup makes the pool of machines, lets the namespace run them, and its client file is one that Nomad takes", async () => {
    const options: SetupOptions = {
      namespace: "vm",
      installation: "main",
      nodePool: "vm-containers",
      runnerVolume: "delta-runner",
      runnerFolder: "/opt/delta",
      controlPlane: "https://ci.example",
      ownAuthority: false,
      machines: { nodePool: "vm-machines", imagesFolder: "/opt/delta/images", accelerator: "kvm" },
      relay: { kind: "systemd" },
    };
    const tokenFile = join(folder, "management.token");
    await writeFile(tokenFile, agent.managementToken ?? "", { mode: 0o600 });
    const applied = await applySetup({ ...CLIENT_DEFAULTS, address: agent.address, tokenFile }, options);
    expect(applied.filter(({ part }) => part === "node pool").map(({ name }) => name)).toEqual([
      "vm-containers",
      "vm-machines",
    ]);
    expect(await manage(agent, "/namespace/vm")).toMatchObject({
      Capabilities: { EnabledTaskDrivers: ["docker", "qemu"] },
    });
    expect(await manage(agent, "/node/pool/vm-machines")).toMatchObject({ Name: "vm-machines" });
    expect(await manage(agent, "/acl/policy/delta")).toMatchObject({
      Rules: expect.stringContaining("read-logs"),
    });
    for (const { name, text } of setupFiles(options)) await writeFile(join(folder, name), text);
    await writeFile(join(folder, "base.hcl"), `data_dir = "${folder}/data"\nclient {\n  enabled = true\n}\n`);
    const { path } = await findNomadBinary();
    const validate = ["config", "validate", "base.hcl", "delta-machine-client.hcl"];
    const { stdout } = await promisify(execFile)(path ?? "", validate, { cwd: folder });
    expect(stdout).toContain("valid");
  });
});

import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { diagnoseNomad } from "../../../nomad/diagnose.ts";
import { QEMU_FLAGS } from "../../../nomad/profiles/qemu.ts";
import { readNomadConfig } from "../../../nomad/read-config.ts";
import { startFakeNomad } from "./fake-nomad.ts";
import { type Fault, startFaultProxy } from "./fault-proxy.ts";

/** A client with everything that its pool of machines needs, in a folder of its own. */
async function makeClient() {
  const folder = await mkdtemp(join(tmpdir(), "delta-client-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  const at = (name: string) => join(folder, name);
  const files = ["disk.qcow2", "vmlinuz", "initrd.img"].map((name) => at(`images/debian-12/${name}`));
  files.push(at("delta/delta-runner.img"), at("delta/bin/node"), at("delta/delta-runner.mjs"));
  for (const file of [...files, at("kvm"), at("data/alloc/x")]) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, "");
  }
  await chmod(at("kvm"), 0o666);
  await writeFile(at("cpuinfo"), "processor\t: 0\nflags\t\t: fpu vmx sse\nbugs\t\t:\n");
  return { folder, at };
}
type Client = Awaited<ReturnType<typeof makeClient>>;

export interface Situation {
  /** What is wrong with the client, its files first. */
  readonly spoil?: (client: Client) => Promise<void>;
  readonly task?: object;
  readonly driver?: object | null;
  readonly agent?: object;
  readonly faults?: readonly (readonly [RegExp, Fault])[];
  /** Runs elsewhere than on a client. */
  readonly isElsewhere?: true;
}

/** The findings by their check. */
export async function diagnoseMachines({ spoil, task, driver, agent, faults = [], isElsewhere }: Situation) {
  const client = await makeClient();
  await spoil?.(client);
  const fake = await startFakeNomad();
  const proxy = await startFaultProxy(fake.address);
  onTestFinished(async () => {
    await proxy.close();
    await fake.close();
  });
  const settings = { image_paths: [client.at("images")], args_allowlist: QEMU_FLAGS, ...driver };
  fake.agentConfig = {
    DataDir: client.at("data"),
    Client: { Enabled: true, NodePool: "default" },
    Plugins: driver === null ? null : [{ Name: "qemu", Args: null, Config: settings }],
    ...agent,
  };
  for (const [call, fault] of faults) proxy.inject(call, fault, 100);
  const image = (name: string) => client.at(`images/debian-12/${name}`);
  const images = {
    "debian-12": { disk: image("disk.qcow2"), kernel: image("vmlinuz"), initrd: image("initrd.img") },
  };
  const resources = { cpu_millis: 100, memory_mb: 64, disk_mb: 64 };
  const pool = {
    task: { driver: "qemu", images, default_image: "debian-12", runner_folder: client.at("delta"), ...task },
    resources,
    resources_max: resources,
  };
  const file = { version: 1, address: proxy.address, pools: { machines: pool } };
  const { config } = readNomadConfig("nomad.json", JSON.stringify(file), null);
  const findings = await diagnoseNomad(config, {
    relaySocket: null,
    nodeTokenFile: null,
    client: isElsewhere
      ? null
      : { address: proxy.address, kvmDevice: client.at("kvm"), cpuInfo: client.at("cpuinfo") },
  });
  return new Map(findings.map((finding) => [finding.check, finding]));
}

export const rewritten = (from: RegExp, to: string): Fault => ({
  kind: "rewrite",
  change: (text) => text.replaceAll(from, to),
});

import { chmod, copyFile, link, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineImageIn } from "../../../nomad/images/build-machine-image.ts";
import { makeReadOnlyDisk } from "../../../nomad/images/disk-image.ts";
import { QEMU_FLAGS } from "../../../nomad/profiles/qemu.ts";
import { type Relay, startRelay } from "../../../runner/relay.ts";
import { type NomadAgent, startNomadAgent } from "./agent.ts";
import { testMachineImage } from "./machine-image.ts";
import { buildTestRunnerFolder } from "./runner-folder.ts";

const LOG_LINES = 30;

/** A client of a pool of machines: Nomad with the QEMU driver, the runner's folder and disk, and an image. */
export class MachineWorld {
  readonly agent: NomadAgent;
  /** The runner as a folder and as a disk, and the image. */
  readonly folder: string;

  private constructor(agent: NomadAgent, folder: string) {
    this.agent = agent;
    this.folder = folder;
  }

  /** With an image that `delta nomad image` makes of these arguments. */
  static async start(root: readonly string[]): Promise<MachineWorld> {
    const folder = await mkdtemp(join(tmpdir(), "delta-machines-"));
    // QEMU runs as nobody.
    await chmod(folder, 0o755);
    const runner = join(folder, "runner");
    await buildTestRunnerFolder(runner);
    await makeReadOnlyDisk(runner, join(folder, "delta-runner.img"));
    const cached = await testMachineImage(root);
    for (const name of await readdir(cached)) await linkOrCopy(join(cached, name), join(folder, name));
    const config = { image_paths: [folder], args_allowlist: QEMU_FLAGS };
    const agent = await startNomadAgent({ plugins: [{ qemu: [{ config: [config] }] }] });
    // As operators do it, so that QEMU's user reaches its task's files below.
    for (const place of ["", "data", "data/client"]) await chmod(join(agent.folder, place), 0o711);
    return new MachineWorld(agent, folder);
  }

  async stop(): Promise<void> {
    await this.agent.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The `task` of a pool on this client, as operators write it. */
  task(changes: object = {}): object {
    return {
      driver: "qemu",
      images: { "debian-12": machineImageIn(this.folder) },
      default_image: "debian-12",
      runner_folder: join(this.folder, "runner"),
      runner_disk: join(this.folder, "delta-runner.img"),
      accelerator: "tcg",
      boot_timeout_s: 100,
      ...changes,
    };
  }

  /** For waits: what the agents said, and every machine on its console and QEMU beside it. */
  async logTail(): Promise<string> {
    const allocations = join(this.agent.folder, "data/client/alloc");
    const logs = [await this.agent.logTail()];
    for (const id of await readdir(allocations).catch(() => [])) {
      for (const name of ["runner.stdout.0", "runner.stderr.0"]) {
        const text = await readFile(join(allocations, id, "alloc/logs", name), "utf8").catch(() => "");
        logs.push(`${id} ${name}:\n${text.split("\n").slice(-LOG_LINES).join("\n")}`);
      }
    }
    return logs.join("\n");
  }

  /** What runners reach instead of a network. */
  async relayTo(controlPlane: string): Promise<Relay> {
    return await startRelay({
      socketPath: join(this.folder, "runner", "control.sock"),
      controlPlane: new URL(controlPlane),
      ca: null,
      connectionsMax: 64,
      idleMs: 60_000,
      connectMs: 5_000,
    });
  }
}

/** The cache may lie on another file system. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

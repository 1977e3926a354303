import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { complaintWords, consoleWords } from "../../../nomad/console-words.ts";
import { machineImageIn } from "../../../nomad/images/build-machine-image.ts";
import { PATIENCE } from "../patience.ts";
import { ACCESS, accessFault, findAccount } from "../../../nomad/unix-access.ts";

const run = promisify(execFile);
export const KVM_DEVICE = "/dev/kvm";
/** With hardware's help our guest finds its root disk in two seconds; the rest is for those who want the processor too. */
const BOOT_MS = 30_000 * PATIENCE;
/** What nomad/images/init.sh says when it has mounted both disks of a machine that was told nothing. */
const HAS_BOOTED = /the machine was not told/;
const HAS_STOPPED = /KVM internal error|kvm run failed/;

/** Why the user cannot open /dev/kvm; null when it can. */
export async function closedKvm(user: string): Promise<string | null> {
  const account = await findAccount(user);
  if (account === null) throw new Error(`there is no user ${user}`);
  const fault = await accessFault(KVM_DEVICE, account, ACCESS.readWrite);
  return fault === null ? null : `${KVM_DEVICE} ${fault}`;
}

/** Makes an ordinary user of this machine in the group of /dev/kvm, as operators are told to. Gives its name. */
export async function addKvmUser(): Promise<string> {
  const name = `delta-vm-${process.pid}`;
  const group = await stat(KVM_DEVICE).catch(() => null);
  const groups = group === null || group.gid === 0 ? [] : ["--groups", String(group.gid)];
  await run("useradd", ["--system", "--no-create-home", ...groups, name]);
  return name;
}

export async function removeUser(name: string): Promise<void> {
  await run("userdel", [name]);
}

export interface UnableKvm {
  readonly because: string;
  /** False where QEMU ended by itself: its kvm does not even take the processor that QEMU describes. */
  readonly startsProcessors: boolean;
}

/**
 * Why /dev/kvm does not run our guest, with what it wrote; null when it does. It may be there and not be able to: a
 * virtual machine may have one without the processor's help, on which no ordinary kernel boots.
 */
export async function unableKvm(folder: string): Promise<UnableKvm | null> {
  const { disk, kernel, initrd } = machineImageIn(folder);
  const runner = `if=none,id=runner,format=raw,readonly=on,file=${join(folder, "delta-runner.img")}`;
  const args = [
    ["-machine", "type=q35,accel=kvm", "-cpu", "host", "-m", "384M", "-display", "none"],
    ["-nodefaults", "-no-user-config", "-no-reboot", "-snapshot", "-serial", "stdio"],
    ["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 panic=-1 quiet"],
    ["-drive", `if=virtio,format=qcow2,file=${disk}`],
    ["-drive", runner, "-device", "virtio-blk-pci,drive=runner,serial=delta-runner"],
  ].flat();
  const qemu = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let complaint = "";
  const late = setTimeout(() => qemu.kill("SIGKILL"), BOOT_MS);
  qemu.stdout.on("data", (piece: Buffer) => {
    output += piece.toString("utf8");
    if (HAS_BOOTED.test(output)) qemu.kill("SIGKILL");
  });
  qemu.stderr.on("data", (piece: Buffer) => {
    complaint += piece.toString("utf8");
    if (HAS_STOPPED.test(complaint)) qemu.kill("SIGKILL");
  });
  await once(qemu, "close");
  clearTimeout(late);
  if (HAS_BOOTED.test(output)) return null;
  const words = [consoleWords(output), complaintWords(complaint)].filter((one) => one !== null).join(" | ");
  const because = `${KVM_DEVICE} did not bring our guest to its disks within ${BOOT_MS / 1_000} s; it wrote ${words === "" ? "nothing" : words}`;
  return { because, startsProcessors: qemu.killed };
}

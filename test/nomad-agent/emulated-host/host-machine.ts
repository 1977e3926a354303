import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostSystem } from "./host-system.ts";

const PROCESSORS = 2;
const MEMORY = "8G";
/** Of code that was translated and is kept. */
const TRANSLATED_MEGABYTES = 1_024;
const CONSOLE_LINES = 40;

/**
 * Boots the host with an emulated processor that has AMD's virtualization, streams what the command writes to
 * `output`, and gives its exit code once the machine is off. QEMU ends with the signal, and with this process.
 * Throws with the console's end where the command did not end.
 */
export async function runInHost(
  system: HostSystem,
  options: {
    readonly workDisk: string;
    /** Takes the console's file. */
    readonly folder: string;
    readonly output: NodeJS.WritableStream;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const console = join(options.folder, "console.log");
  const qemu = spawn("setpriv", ["--pdeathsig", "KILL", "--", "qemu-system-x86_64", ...machine(system)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => void qemu.kill("SIGKILL");
  options.signal.addEventListener("abort", kill);
  qemu.stdout.pipe(options.output, { end: false });
  let complaint = "";
  qemu.stderr.on("data", (piece: Buffer) => {
    complaint += piece.toString("utf8");
  });
  await once(qemu, "close");
  options.signal.removeEventListener("abort", kill);
  options.signal.throwIfAborted();
  const said = (await readFile(console, "utf8").catch(() => "")).replaceAll("\r", "");
  const code = /^delta: the command ended with (\d+)$/m.exec(said)?.[1];
  const end = said.split("\n").slice(-CONSOLE_LINES).join("\n");
  if (code === undefined)
    throw new Error(`the emulated host went off before its command ended: ${complaint}\n${end}`);
  // Of a failure the kernel may know more than the command.
  if (code !== "0") options.output.write(`\nthe host's console ended with:\n${end}\n`);
  return Number(code);

  function machine({ disk, kernel, initrd }: HostSystem): string[] {
    // What the disks are told goes to a file that has no name, and with QEMU.
    const virtual = (file: string) => `if=virtio,format=qcow2,cache=unsafe,file=${file}`;
    return [
      // Tables of five levels would only be walked more slowly.
      [
        "-machine",
        "q35",
        "-accel",
        `tcg,thread=multi,tb-size=${TRANSLATED_MEGABYTES}`,
        "-cpu",
        "max,la57=off",
      ],
      ["-smp", String(PROCESSORS), "-m", MEMORY, "-display", "none", "-nodefaults", "-no-user-config"],
      ["-no-reboot", "-snapshot", "-serial", `file:${console}`, "-serial", "stdio"],
      ["-device", "virtio-rng-pci", "-kernel", kernel, "-initrd", initrd],
      ["-append", "console=ttyS0 panic=-1 quiet mitigations=off nokaslr tsc=reliable"],
      ["-drive", virtual(disk), "-drive", virtual(options.workDisk)],
    ].flat();
  }
}

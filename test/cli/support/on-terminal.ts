import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { environment, finished, ROOT } from "./delta.ts";

/** `script` of util-linux gives a test its terminal. */
export const hasTerminal = spawnSync("script", ["--version"]).status === 0;
if (!hasTerminal) console.warn("skipped what needs a terminal: `script` of util-linux is not on PATH");

/** What a command writes to a terminal of its own, without colours and with plain line ends. */
export async function onTerminal(
  args: readonly string[],
  { cwd, columns = 100 }: { readonly cwd: string; readonly columns?: number },
): Promise<string> {
  const words = [process.execPath, join(ROOT, "cli", "delta.js"), ...args].map((word) => `'${word}'`);
  const command = `stty cols ${columns} rows 40; exec ${words.join(" ")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd,
    env: environment({ TERM: "xterm", SHELL: "/bin/sh", NO_COLOR: "1" }),
  });
  return (await finished(child)).stdout.replaceAll("\r\n", "\n");
}

import { spawn } from "node:child_process";
import { once } from "node:events";

/** Making a Debian from packages takes minutes on a slow line. */
const TOOL_MS_MAX = 30 * 60_000;
/** Enough of what a tool complained of to see why. */
const COMPLAINT_CHARACTERS = 2_000;

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program of the system to its end and gives what it wrote. Throws with its complaint, or with its name where it is missing. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Buffer> {
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TOOL_MS_MAX,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, LC_ALL: "C", ...options.env },
  });
  const output: Buffer[] = [];
  let complaint = "";
  child.stdout.on("data", (piece: Buffer) => void output.push(piece));
  child.stderr.on("data", (piece: Buffer) => {
    complaint = (complaint + piece.toString("utf8")).slice(-COMPLAINT_CHARACTERS);
  });
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (code === 0) return Buffer.concat(output);
    throw new Error(`${program} ended with ${code ?? signal}: ${complaint.trim()}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error(`${program} is needed and not on PATH`, { cause: error });
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { removeLeftovers } from "./leftovers.ts";

/**
 * Runs the daemons of one test and outlives the test process that asked for them: when standard input
 * closes, for whatever reason, daemons, tasks, mounts and folder go.
 * Lines on standard input: `start <role>` runs the argument list in `<role>.command.json`, `kill <role>`
 * sends it SIGKILL, `end <role>` SIGTERM. Each is answered by a line once it has ended.
 */
const [folder = ""] = process.argv.slice(2);
/** In the order of their first start; they end in the opposite order. */
const agents = new Map<string, ChildProcess>();
/** A daemon stops what it runs within this time; what is left then is killed. */
const END_MS = 5_000;

function start(role: string): ChildProcess {
  const log = openSync(`${folder}/${role}.log`, "a");
  const [program = "", ...args] = JSON.parse(
    readFileSync(`${folder}/${role}.command.json`, "utf8"),
  ) as string[];
  const child = spawn(program, args, {
    stdio: ["ignore", log, log],
    cwd: folder,
    // Plugins leave their sockets in the temporary folder when their client is killed.
    env: { ...process.env, TMPDIR: folder },
  });
  child.on("error", (error) => console.log(`failed ${error.message}`));
  return child;
}

let rest = "";
process.stdin.setEncoding("utf8");
for await (const piece of process.stdin) {
  rest += String(piece);
  for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
    await obey(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
}
for (const role of [...agents.keys()].reverse()) {
  agents.get(role)?.kill("SIGTERM");
  await ended(role);
  agents.get(role)?.kill("SIGKILL");
  await ended(role);
}
removeLeftovers(folder);
process.exit(0);

async function obey(command: string): Promise<void> {
  const [verb, role = ""] = command.split(" ");
  if (verb === "start") agents.set(role, start(role));
  if (verb === "kill" || verb === "end") {
    agents.get(role)?.kill(verb === "kill" ? "SIGKILL" : "SIGTERM");
    await ended(role);
  }
  console.log(`done ${command}`);
}

async function ended(role: string): Promise<void> {
  const agent = agents.get(role);
  if (agent === undefined || agent.exitCode !== null || agent.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, END_MS);
    agent.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

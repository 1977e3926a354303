import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { removeLeftovers } from "./leftovers.ts";

/**
 * Runs the server and the client of one test and outlives the test process that asked for them: when
 * standard input closes, for whatever reason, agents, tasks, mounts and folder go.
 * Lines on standard input: `start <role>` and `kill <role>` (SIGKILL). Each is answered by a line.
 */
const [program = "", folder = ""] = process.argv.slice(2);
const agents = new Map<string, ChildProcess>();
/** An agent stops its own plugins within this time; what is left then is killed. */
const END_MS = 3_000;

function start(role: string): ChildProcess {
  const log = openSync(`${folder}/${role}.log`, "a");
  const args = ["agent", "-config", `${folder}/${role}.json`];
  const child = spawn(program, args, { stdio: ["ignore", log, log], cwd: folder });
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
for (const role of ["client", "server"]) {
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
  if (verb === "kill") {
    agents.get(role)?.kill("SIGKILL");
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

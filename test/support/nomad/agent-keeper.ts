import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { removeLeftovers } from "./leftovers.ts";

/**
 * Runs one Nomad agent and outlives the test process that asked for it: when standard input closes,
 * for whatever reason, agent, tasks, mounts and folder go.
 * Lines on standard input: `kill` (SIGKILL to the agent), `start` (start it again). Each is answered by a line.
 */
const [program = "", folder = ""] = process.argv.slice(2);
const log = openSync(`${folder}/agent.log`, "a");
/** Nomad stops its tasks on SIGTERM only where told so; the rest is killed below. */
const END_MS = 3_000;

function start(): ReturnType<typeof spawn> {
  const args = ["agent", "-config", `${folder}/agent.json`];
  const child = spawn(program, args, { stdio: ["ignore", log, log], cwd: folder });
  child.on("error", (error) => console.log(`failed ${error.message}`));
  return child;
}

let agent = start();
console.log(`started ${agent.pid}`);

let rest = "";
process.stdin.setEncoding("utf8");
for await (const piece of process.stdin) {
  rest += String(piece);
  for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
    await obey(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
}
agent.kill("SIGTERM");
await ended(END_MS);
agent.kill("SIGKILL");
await ended(END_MS);
removeLeftovers(folder);
process.exit(0);

async function obey(command: string): Promise<void> {
  if (command === "kill") {
    agent.kill("SIGKILL");
    await ended(END_MS);
    console.log("killed");
  } else if (command === "start") {
    agent = start();
    console.log(`started ${agent.pid}`);
  }
}

async function ended(withinMs: number): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    agent.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

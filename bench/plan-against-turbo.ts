import { rmSync } from "node:fs";
import { join } from "node:path";
import { interleaved } from "./cost.ts";
import { delta } from "./delta.ts";
import { atMost, type Figure, milliseconds, notMeasured } from "./figures.ts";
import type { Peers } from "./install-peers.ts";
import { benchRepository } from "./repository.ts";
import { quietPeers, workspaceFiles } from "./workspaces.ts";

const PACKAGES = 5_000;
const TURNS = 7;

/** One job for each workspace; its steps are the package's own script, as turbo's task is. */
const PIPELINE = `version: 1
name: bench
discover: [npm]
jobs:
  build:
    for_each: affected
    components: [packages/*]
    steps:
      - npm run build
`;

/** A plan of one job for every package against turbo's dry run of one task for every package. */
export async function planAgainstTurbo(peers: Peers | string): Promise<readonly Figure[]> {
  const what = `plan of ${PACKAGES.toLocaleString("en-US")} packages: delta over turbo \`--dry=json\``;
  if (typeof peers === "string") return [notMeasured(what, "at most 1 x", peers)];
  const files = { ...workspaceFiles(PACKAGES), ".delta/pipeline.yaml": PIPELINE };
  await using world = await benchRepository(files, { "packages/p-3/index.js": "// changed\n" });
  const turbo = ["run", "build", "--dry=json"];
  const { ours, theirs } = interleaved(TURNS, {
    ours: {
      command: delta("plan", "--all", "--json", "--max-jobs", String(PACKAGES), "--base", "origin/main"),
      cwd: world.path,
    },
    theirs: { command: [peers.program("turbo"), ...turbo], cwd: world.path, environment: quietPeers() },
  });
  rmSync(join(world.path, ".turbo"), { recursive: true, force: true });
  const planned = (JSON.parse(ours.stdout) as { plan: { jobs: unknown[] } }).plan.jobs.length;
  const tasks = (JSON.parse(theirs.stdout) as { tasks: unknown[] }).tasks.length;
  if (planned !== PACKAGES || tasks !== PACKAGES)
    throw new Error(`delta plans ${planned} jobs and turbo ${tasks} tasks`);
  return (["cpuMs", "wallMs"] as const).map((time) => {
    const figure = atMost(`${what}, ${time === "cpuMs" ? "CPU" : "wall"} time`, ours[time] / theirs[time], 1);
    const detail = `(${milliseconds(ours[time])} over ${milliseconds(theirs[time])})`;
    return { ...figure, measured: `${figure.measured} ${detail}` };
  });
}

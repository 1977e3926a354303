import { homedir } from "node:os";
import { type Cost, costOf, type Run } from "./cost.ts";
import { delta } from "./delta.ts";
import { atMost, type Figure, median, milliseconds, stated } from "./figures.ts";

const TURNS = 20;
const VERSION_MS_MOST = 60;
const HELP_MS_MOST = 150;

/** Wall time from the command line to the end of the process; the floor is a Node that does nothing. */
export async function start(): Promise<readonly Figure[]> {
  const cwd = homedir();
  const runs: Readonly<Record<string, Run>> = {
    floor: { command: [process.execPath, "-e", "0"], cwd },
    version: { command: delta("--version"), cwd },
    help: { command: delta("plan", "--help"), cwd },
  };
  for (const run of Object.values(runs)) costOf(run);
  const rounds = Array.from({ length: TURNS }, () =>
    Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, costOf(run)])),
  );
  const wall = (name: string): number => median(rounds.map((round) => (round[name] as Cost).wallMs));
  return [
    stated("`node -e 0`, wall", milliseconds(wall("floor"))),
    atMost("`delta --version`, wall", wall("version"), VERSION_MS_MOST, "ms"),
    atMost("`delta plan --help`, wall", wall("help"), HELP_MS_MOST, "ms"),
  ];
}

import { join } from "node:path";
import { costOf, interleaved, type Run } from "./cost.ts";
import { delta } from "./delta.ts";
import { atMost, type Figure, growthSlope, milliseconds, stated } from "./figures.ts";
import { deltaFiles, sourceFiles } from "./pipelines.ts";
import { benchRepository } from "./repository.ts";

const SIZES = [10, 100, 1_000, 5_000, 10_000];
const SLOPE_MOST = 1.15;
const TURNS = 3;
/** Loaded into the measured process; it writes its peak memory when it ends. */
const TELL_PEAK = join(import.meta.dirname, "tell-peak-memory.ts");

/**
 * CPU time and peak memory of a cold `delta plan` over the number of jobs, where one file changed and
 * where every job's file did. The start of the program is taken off before the slope is fitted: it is
 * the same for every size and would hide growth.
 */
export async function planGrowth(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  const points: { readonly size: number; readonly ms: number; readonly bareMs: number }[] = [];
  for (const size of SIZES) {
    const sources = sourceFiles(size);
    const changed = Object.fromEntries(Object.keys(sources).map((path) => [path, "int changed;\n"]));
    await using world = await benchRepository({ ...deltaFiles(size), ...sources }, changed);
    const plan = ["plan", "--max-jobs", String(size), "--base", "origin/main"];
    const run: Run = { command: delta(...plan), cwd: world.path };
    const { whole, start } = interleaved(TURNS, {
      whole: run,
      start: { ...run, command: delta("plan", "--help") },
    });
    if (!whole.stdout.includes(`${size} jobs run`)) throw new Error(`the plan of ${size} jobs lacks some`);
    points.push({ size, ms: whole.cpuMs, bareMs: whole.cpuMs - start.cpuMs });
    const peak = peakBytes(run);
    const jobs = size.toLocaleString("en-US");
    figures.push(
      stated(
        `plan of ${jobs} jobs, all selected`,
        `${milliseconds(whole.cpuMs)} CPU, peak ${mebibytes(peak)}`,
      ),
    );
  }
  const bare = points.map(({ size, bareMs }) => ({ size, ms: bareMs }));
  const [least, most] = [SIZES[0] ?? 0, SIZES.at(-1)?.toLocaleString("en-US")];
  const slope = `fitted slope of CPU over ${least} to ${most} jobs`;
  return [
    ...figures,
    atMost(slope, growthSlope(points), SLOPE_MOST, ""),
    atMost(`the same without the start of the program`, growthSlope(bare), SLOPE_MOST, ""),
    atMost(
      "the same between 1,000 and 10,000 jobs",
      growthSlope(bare.filter(({ size }) => size >= 1_000)),
      SLOPE_MOST,
      "",
    ),
  ];
}

function peakBytes({ command: [node = "", ...rest], cwd }: Run): number {
  const { stdout } = costOf({ command: [node, `--import=${TELL_PEAK}`, ...rest], cwd });
  return Number(/peak (\d+) bytes\n$/.exec(stdout)?.[1]);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}

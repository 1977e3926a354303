import { type CompileInput, createCompiler } from "../compiler/index.ts";
import { changeSet } from "../test/support/compiler/changes-between.ts";
import { treeOf } from "../test/support/compiler/tree-snapshot.ts";
import { testEvent } from "../test/support/plans.ts";
import { cpuMs } from "./cost.ts";
import { atMost, type Figure, milliseconds } from "./figures.ts";
import { deltaFiles, sourceFiles } from "./pipelines.ts";

const SIZES = [100, 1_000, 5_000];
const MOST = 0.2;
/** Jobs planned in all turns of one measure: a hundred of them are planned in too short a time to be measured once. */
const JOBS_PLANNED = 20_000;
const TURNS_MIN = 5;

/**
 * CPU time of planning a commit whose configuration was met before, as a planning process does for nearly
 * every push, over that of a compiler that has met none. One file changed, or one in every job.
 */
export async function replan(): Promise<readonly Figure[]> {
  return SIZES.flatMap((size) =>
    (["one file changed", "a file of every job changed"] as const).map((change) => {
      const paths = Object.keys(sourceFiles(size));
      const inputs = inputsOf(size, change === "one file changed" ? paths.slice(1, 2) : paths);
      const turns = Math.max(TURNS_MIN, JOBS_PLANNED / size);
      const full = cpuMs(() => createCompiler()(inputs()), turns);
      const warm = createCompiler();
      // A planning process has planned before: its code is compiled when most pushes come.
      const again = cpuMs(() => {
        if (warm(inputs()).plan === null) throw new Error("the bench's pipeline has errors");
      }, 3 * turns);
      const what = `re-plan of ${size.toLocaleString("en-US")} jobs over a full compile, ${change}`;
      const figure = atMost(what, again / full, MOST);
      return {
        ...figure,
        measured: `${figure.measured} (${milliseconds(again)} over ${milliseconds(full)})`,
      };
    }),
  );
}

/** Another commit each time, with the same configuration. */
function inputsOf(size: number, paths: readonly string[]): () => CompileInput {
  const tree = treeOf({ ...deltaFiles(size), ...sourceFiles(size) });
  let commits = 0;
  return () => {
    const commit = String((commits += 1)).padStart(40, "0");
    return {
      head: { ...tree, commit },
      base: tree,
      changes: { ...changeSet(paths.map((path) => ({ status: "M", path }))), head: commit },
      event: testEvent({ head: commit }),
      compilerVersion: "0",
      request: { jobs: [], all: false },
      limits: { jobs: size },
    };
  };
}

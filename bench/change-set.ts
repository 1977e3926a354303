import { readFileSync } from "node:fs";
import { askGit } from "../control-plane/git/git-process.ts";
import { toChangeSet } from "../control-plane/git/change-set.ts";
import { readDiff } from "../control-plane/git/diff.ts";
import { ObjectReader } from "../control-plane/git/object-reader.ts";
import { TreeReader } from "../control-plane/git/tree-reader.ts";
import { GitWorld } from "../test/support/git/git-world.ts";
import { atMost, type Figure, median, milliseconds } from "./figures.ts";

const FILES = 200_000;
const FILES_PER_FOLDER = 100;
const TURNS = 5;
const MOST = 1.3;
/** Linux tells CPU time in hundredths of a second. */
const TICK_MS = 10;

/**
 * A commit that changes 200,000 files: from the question to the change set that a plan is made of, against
 * one bare `git diff` of the same commits whose answer nobody reads. Both count Node and git together.
 */
export async function changeSetOfManyFiles(): Promise<readonly Figure[]> {
  await using world = await GitWorld.create({ bare: true });
  const files = (content: string): Readonly<Record<string, string>> =>
    Object.fromEntries(Array.from({ length: FILES }, (_, index) => [pathOf(index), content]));
  const ref = "refs/heads/main";
  const [base = "", head = ""] = await world.commits([
    { ref, files: files("before\n") },
    { ref, files: files("after\n") },
  ]);
  await world.git("repack", "-adq");
  const repository = await world.open();
  const choice = { rule: "explicit", base, mergeBase: base, ladder: [], uncertain: [] } as const;
  const ours = async (): Promise<number> => {
    await using objects = new ObjectReader(repository);
    const trees = new TreeReader(repository, objects);
    return toChangeSet(choice, head, await readDiff(repository, trees, base, head)).changed?.length ?? 0;
  };
  const bare = async (): Promise<number> => {
    const args = ["diff", "--raw", "--end-of-options", base, head, "--"];
    return (await askGit(repository, { arguments: args })).stdout.length;
  };
  const taken = { ours: [] as Taken[], bare: [] as Taken[] };
  for (let turn = 0; turn <= TURNS; turn += 1) {
    for (const [name, ask] of Object.entries({ ours, bare })) {
      const { answer, ...times } = await timed(ask);
      if (name === "ours" && answer !== FILES) throw new Error(`${answer} paths changed, not ${FILES}`);
      if (turn > 0) taken[name as keyof typeof taken].push(times);
    }
  }
  return (["cpuMs", "wallMs"] as const).map((time) => {
    const [mine, floor] = [taken.ours, taken.bare].map((turns) => median(turns.map((turn) => turn[time])));
    const what = `change set of ${FILES.toLocaleString("en-US")} files, ${time === "cpuMs" ? "CPU" : "wall"}: delta over \`git diff\``;
    const figure = atMost(what, (mine ?? 0) / (floor ?? 0), MOST);
    const detail = `(${milliseconds(mine ?? 0)} over ${milliseconds(floor ?? 0)})`;
    return { ...figure, measured: `${figure.measured} ${detail}` };
  });
}

function pathOf(index: number): string {
  return `src/folder-${Math.floor(index / FILES_PER_FOLDER)}/file-${index}.ts`;
}

interface Taken {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function timed<Answer>(ask: () => Promise<Answer>): Promise<Taken & { readonly answer: Answer }> {
  const [started, cpu] = [performance.now(), treeCpuMs()];
  const answer = await ask();
  return { answer, wallMs: performance.now() - started, cpuMs: treeCpuMs() - cpu };
}

/** User and system time of this process and of the children that have ended. */
function treeCpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "latin1");
  // The name in brackets may hold spaces; the times are the 14th to 17th field of the line.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
}

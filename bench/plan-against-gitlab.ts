import { type Cost, costOf, interleaved, type Run } from "./cost.ts";
import { delta } from "./delta.ts";
import { atLeast, type Figure, milliseconds, notMeasured, stated } from "./figures.ts";
import type { Peers } from "./install-peers.ts";
import { deltaFiles, gitlabFile, sourceFiles } from "./pipelines.ts";
import { benchRepository } from "./repository.ts";

const SIZES = [100, 1_000, 5_000];
const LEAST = 100;
const TARGET = `at least ${LEAST} x`;
const OURS_TURNS = 3;

/**
 * CPU time of a cold `delta plan` against `gitlab-ci-local --list`, each reading its own form of one model
 * in one repository, where one file changed. Both decide for every job whether the change concerns it.
 */
export async function planAgainstGitlab(peers: Peers | string): Promise<readonly Figure[]> {
  if (typeof peers === "string")
    return [notMeasured("`delta plan` and gitlab-ci-local `--list`", TARGET, peers)];
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const files = { ...deltaFiles(size), ...sourceFiles(size), ".gitlab-ci.yml": gitlabFile(size) };
    await using world = await benchRepository(files, { "src/part-1/main.c": "int main2;\n" });
    const plan = ["plan", "--max-jobs", String(size), "--base", "origin/main"];
    const { ours } = interleaved(OURS_TURNS, { ours: { command: delta(...plan), cwd: world.path } });
    expectListed(ours, ["job-0", "job-1"], / run +(\S+)/g);
    const list = gitlabRun(peers, world.path, ["--list"]);
    const theirs = costOf(list);
    const name = `plan of ${size.toLocaleString("en-US")} jobs, CPU: gitlab-ci-local \`--list\` over delta`;
    figures.push(compare(name, ours, theirs, size === SIZES.at(-1)));
    if (theirs.stopped) continue;
    expectListed(theirs, ["job-1"], /^(job-\S+)/gm);
    const blind = costOf(gitlabRun(peers, world.path, ["--list", "--no-evaluate-rule-changes"]));
    figures.push(compare(`the same, when it does not look at what changed`, ours, blind, false));
  }
  return figures;
}

function gitlabRun(peers: Peers, cwd: string, args: readonly string[]): Run {
  const command = [process.execPath, peers.program("gitlab-ci-local"), ...args];
  // Its settings and variables come from the home folder; nobody's own belong in here.
  return { command, cwd, environment: { HOME: cwd } };
}

function compare(what: string, ours: Cost, theirs: Cost, isTarget: boolean): Figure {
  const ratio = theirs.cpuMs / ours.cpuMs;
  const detail = `(${milliseconds(theirs.cpuMs)}${theirs.stopped ? " until it was stopped" : ""} over ${milliseconds(ours.cpuMs)})`;
  const figure = isTarget ? atLeast(what, ratio, LEAST) : stated(what, `${ratio.toFixed(1)} x`);
  return { ...figure, measured: `${theirs.stopped ? "more than " : ""}${figure.measured} ${detail}` };
}

/** What is compared has to be the same answer. */
function expectListed({ stdout }: Cost, jobs: readonly string[], line: RegExp): void {
  const found = [...stdout.matchAll(line)].map(([, job]) => job);
  if (found.join() !== jobs.join()) throw new Error(`listed are ${found.join()}, expected ${jobs.join()}`);
}

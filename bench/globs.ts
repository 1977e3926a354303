import { createRequire } from "node:module";
import { join } from "node:path";
import micromatch from "micromatch";
import { GlobIndex, isGlobProblem, parseGlob, type Glob } from "../compiler/globs/index.ts";
import { cpuMs } from "./cost.ts";
import { atLeast, type Figure, milliseconds, notMeasured } from "./figures.ts";
import type { Peers } from "./install-peers.ts";

const PATHS = 10_000;
const GLOBS = 1_000;
const LEAST = 10;
/** More work than these inputs need; the limit is not what is measured. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

type Matcher = (path: string) => boolean;
type Compile = (glob: string, options: { readonly dot: boolean }) => Matcher;

/** Which of many globs fit which of many paths: our index, built each time, against matchers compiled once, in a loop. */
export async function globMatching(peers: Peers | string): Promise<readonly Figure[]> {
  const { paths, globs } = inputs();
  let hits = 0;
  const ours = cpuMs(() => {
    const index = new GlobIndex(globs.map(parsed));
    hits = 0;
    for (const path of paths) hits += index.match(path, { left: UNLIMITED }).length;
  });
  const against = (name: string, compile: Compile): Figure => {
    const matchers = globs.map((glob) => compile(glob, { dot: true }));
    let peerHits = 0;
    const peer = cpuMs(() => {
      for (const path of paths) for (const matches of matchers) if (matches(path)) peerHits += 1;
    }, 1);
    if (hits !== peerHits) throw new Error(`the index finds ${hits} matches, ${name} ${peerHits}`);
    const figure = atLeast(what(name), peer / ours, LEAST);
    return { ...figure, measured: `${figure.measured} (${milliseconds(peer)} over ${milliseconds(ours)})` };
  };
  return [
    typeof peers === "string"
      ? notMeasured(what("picomatch"), `at least ${LEAST} x`, peers)
      : against("picomatch", createRequire(join(peers.folder, "package.json"))("picomatch") as Compile),
    against("micromatch", (glob, options) => micromatch.matcher(glob, options)),
  ];
}

function what(peer: string): string {
  return `${PATHS.toLocaleString("en-US")} paths x ${GLOBS.toLocaleString("en-US")} globs, CPU: ${peer} in a loop over delta`;
}

function inputs(): { readonly paths: readonly string[]; readonly globs: readonly string[] } {
  const paths = Array.from({ length: PATHS }, (_, index) => {
    const extension = ["ts", "md", "go", "json"][index % 4];
    return `packages/part-${index % 500}/src/folder-${index % 7}/file-${index}.${extension}`;
  });
  const globs = Array.from(
    { length: GLOBS },
    (_, index) =>
      [
        `packages/part-${index}/**`,
        `**/folder-${index % 9}/*.ts`,
        `packages/*/src/**/*-${index}.{ts,md}`,
        `**/*.${index}`,
      ][index % 4] ?? "**",
  );
  return { paths, globs };
}

function parsed(text: string): Glob {
  const glob = parseGlob(text);
  if (isGlobProblem(glob)) throw new Error(`the bench's glob ${text} has a problem`);
  return glob;
}

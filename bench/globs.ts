import micromatch from "micromatch";
import { GlobIndex, isGlobProblem, parseGlob, type Glob } from "../compiler/globs/index.ts";
import { cpuMs, print } from "./figures.ts";

const PATHS = 10_000;
const GLOBS = 1_000;
/** More work than these inputs need; the limit is not what is measured. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Which of many globs fit which of many paths: our index against micromatch's matchers, compiled once, in a loop. */
export async function globMatching(): Promise<void> {
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
  const matchers = globs.map((glob) => micromatch.matcher(glob, { dot: true }));
  let peerHits = 0;
  const peer = cpuMs(() => {
    peerHits = 0;
    for (const path of paths) for (const matches of matchers) if (matches(path)) peerHits += 1;
  }, 1);
  let hits = 0;
  const ours = cpuMs(() => {
    const index = new GlobIndex(globs.map(parsed));
    hits = 0;
    for (const path of paths) hits += index.match(path, { left: UNLIMITED }).length;
  });
  if (hits !== peerHits) throw new Error(`the index finds ${hits} matches, micromatch ${peerHits}`);
  print(`${PATHS} paths x ${GLOBS} globs, CPU time`, [
    ["our index, built and asked", `${ours.toFixed(0)} ms`],
    ["micromatch, compiled once, in a loop", `${peer.toFixed(0)} ms`],
    ["ratio", (peer / ours).toFixed(1)],
  ]);
}

function parsed(text: string): Glob {
  const glob = parseGlob(text);
  if (isGlobProblem(glob)) throw new Error(`the bench's glob ${text} has a problem`);
  return glob;
}

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Cost, interleaved } from "./cost.ts";
import { delta } from "./delta.ts";
import { atMost, type Figure, milliseconds, notMeasured } from "./figures.ts";
import type { Peers } from "./install-peers.ts";
import { benchRepository } from "./repository.ts";
import { quietPeers, workspaceFiles } from "./workspaces.ts";

const PACKAGES = 500;
const TURNS = 7;
const TURBO_MOST = 2;
/** What "well under" is taken to mean. */
const NX_MOST = 0.5;
const CHANGED = [3, 120, 250];

/** CPU time of asking which of 500 npm workspaces a change affects. */
export async function affectedAgainstPeers(peers: Peers | string): Promise<readonly Figure[]> {
  const what = (peer: string): string => `affected of ${PACKAGES} workspaces, CPU: delta over ${peer}`;
  if (typeof peers === "string") {
    return [
      notMeasured(what("turbo"), `at most ${TURBO_MOST} x`, peers),
      notMeasured(what("nx"), `at most ${NX_MOST} x`, peers),
    ];
  }
  const change = Object.fromEntries(
    CHANGED.map((index) => [`packages/p-${index}/index.js`, "// changed\n"] as const),
  );
  await using world = await benchRepository(workspaceFiles(PACKAGES), change);
  // nx works only where it is installed.
  mkdirSync(join(world.path, "node_modules"));
  symlinkSync(join(peers.folder, "node_modules", "nx"), join(world.path, "node_modules", "nx"));
  const [cwd, environment] = [world.path, quietPeers()];
  const nx = ["show", "projects", "--affected", "--base=origin/main", "--json"];
  const runs = interleaved(TURNS, {
    ours: { command: delta("affected", "--base", "origin/main", "--json"), cwd },
    ls: { command: [peers.program("turbo"), "ls", "--affected", "--output=json"], cwd, environment },
    dry: { command: [peers.program("turbo"), "run", "build", "--affected", "--dry=json"], cwd, environment },
    nx: { command: [process.execPath, peers.program("nx"), ...nx], cwd, environment },
  });
  expectTheSame(runs);
  const against = (peer: string, theirs: Cost, most: number): Figure => {
    const figure = atMost(what(peer), runs.ours.cpuMs / theirs.cpuMs, most);
    const detail = `(${milliseconds(runs.ours.cpuMs)} over ${milliseconds(theirs.cpuMs)})`;
    return { ...figure, measured: `${figure.measured} ${detail}` };
  };
  return [
    against("`turbo ls --affected`", runs.ls, TURBO_MOST),
    against("`turbo run --affected --dry=json`", runs.dry, TURBO_MOST),
    against("`nx show projects --affected`", runs.nx, NX_MOST),
  ];
}

/** All of them have to name the same packages. */
function expectTheSame(runs: { readonly ours: Cost; readonly ls: Cost; readonly nx: Cost }): void {
  const ours = (JSON.parse(runs.ours.stdout) as { affected: { id: string }[] }).affected.map(({ id }) => id);
  const turbo = (JSON.parse(runs.ls.stdout) as { packages: { items: { name: string }[] } }).packages.items;
  const nx = JSON.parse(runs.nx.stdout) as string[];
  const names = [ours, turbo.map(({ name }) => name), nx].map((list) => list.toSorted().join());
  if (new Set(names).size !== 1) throw new Error(`the tools name different packages: ${names.join("\n")}`);
}

import { affectedAgainstPeers } from "./affected.ts";
import { changeSetOfManyFiles } from "./change-set.ts";
import { compileGrowth } from "./compile.ts";
import { installDelta } from "./delta.ts";
import { type Figure, printTable } from "./figures.ts";
import { globMatching } from "./globs.ts";
import { hostileInput } from "./hostile.ts";
import { installPeers, type Peers } from "./install-peers.ts";
import { nomadDispatch } from "./nomad-dispatch.ts";
import { planAgainstGitlab } from "./plan-against-gitlab.ts";
import { planAgainstTurbo } from "./plan-against-turbo.ts";
import { planGrowth } from "./plan-growth.ts";
import { reconcileCost } from "./reconcile.ts";
import { schedulingLatency } from "./scheduling-latency.ts";
import { replan } from "./replan.ts";
import { start } from "./start.ts";
import { webhookToFirstStep } from "./webhook-to-first-step.ts";

type Bench = (peers: Peers | string) => Promise<readonly Figure[] | void>;

/**
 * `npm run bench [-- NAME...] [-- --check]`. Ratios are of one run on one machine: everything in a ratio
 * is measured in turn, with the package as it is built. With --check a missed target ends it with 1; what
 * could not be measured is told and misses nothing.
 */
const BENCHES: Readonly<Record<string, Bench>> = {
  start,
  globs: globMatching,
  hostile: hostileInput,
  compile: compileGrowth,
  replan,
  "change-set": changeSetOfManyFiles,
  growth: planGrowth,
  affected: affectedAgainstPeers,
  turbo: planAgainstTurbo,
  gitlab: planAgainstGitlab,
  "webhook-to-first-step": webhookToFirstStep,
  "scheduling-latency": schedulingLatency,
  "nomad-dispatch": nomadDispatch,
  reconcile: reconcileCost,
};

const words = process.argv.slice(2);
const names = words.filter((word) => word !== "--check");
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}\n`);
  process.exitCode = 2;
} else {
  installDelta();
  const peers = installPeers();
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const found = (await bench(peers)) ?? [];
    if (found.length > 0) printTable(name, found);
    figures.push(...found);
  }
  const missed = figures.filter(({ target }) => target?.met === false);
  if (missed.length > 0) printTable("missed", missed);
  if (words.includes("--check") && missed.length > 0) process.exitCode = 1;
}

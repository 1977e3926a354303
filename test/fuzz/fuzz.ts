import { relative } from "node:path";
import { parseArgs } from "node:util";
import { minimise } from "./minimise.ts";
import { saveRegression } from "./regressions.ts";
import { failureOf, runTarget } from "./run-target.ts";
import type { FuzzTarget } from "./target.ts";
import { FUZZ_TARGETS } from "./targets.ts";

/**
 * `npm run fuzz -- [TARGET...] [--seconds N] [--seed N]`: reads made inputs until the time of each target is
 * over or one fails. A failing input is made small and kept under test/fuzz/regressions, where the suite
 * reads it again. The exit code is then 1.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string" } },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
const seconds = Number(values.seconds);
const known = new Map(FUZZ_TARGETS.map((target) => [target.name, target]));
const unknown = positionals.filter((name) => !known.has(name));
if (unknown.length > 0 || !Number.isFinite(seconds) || !Number.isInteger(seed)) {
  process.stderr.write(`fuzz takes --seconds N, --seed N and targets of ${[...known.keys()].join(", ")}\n`);
  process.exitCode = 2;
} else {
  const targets = FUZZ_TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  for (const target of targets) fuzz(target);
}

function fuzz(target: FuzzTarget): void {
  const end = performance.now() + seconds * 1_000;
  const goesOn = (): boolean => performance.now() < end;
  const { inputs, failure } = runTarget(target, { seed, goesOn, timed: true });
  const read = `${target.name}: ${inputs} inputs, seed ${seed}`;
  if (failure === null) {
    process.stdout.write(`${read}\n`);
    return;
  }
  const kind = failure.why.split(/[\d:]/)[0];
  const least = minimise(
    failure.input,
    (input) => failureOf(target, input, true)?.split(/[\d:]/)[0] === kind,
  );
  const path = relative(process.cwd(), saveRegression(target.name, least));
  process.stdout.write(`${read}: ${failureOf(target, least, true) ?? failure.why}\n  kept as ${path}\n`);
  process.exitCode = 1;
}

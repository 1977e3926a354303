import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const MODULE = new URL("../../runner/lease/compile-in-place.ts", import.meta.url).href;

/** A thread with a function that runs often, in a process that prints what is compiled, and where. */
const PROGRAM = `
  import { Worker } from "node:worker_threads";
  import { compileInPlace } from ${JSON.stringify(MODULE)};
  if (process.argv[1] === "in place") compileInPlace();
  const thread = \`
    function hot(times) { let sum = 0; for (let i = 0; i < 100; i++) sum += (times * i) | 0; return sum; }
    let sum = 0;
    for (let times = 0; times < 200_000; times++) sum += hot(times);
  \`;
  new Worker(thread, { eval: true, env: {} });
`;

function modesOf(how: string): ReadonlySet<string> {
  const args = ["--trace-opt", "--input-type=module", "--eval", PROGRAM, how];
  const told = execFileSync(process.execPath, args, { encoding: "utf8" });
  const lines = told
    .split("\n")
    .filter((line) => line.startsWith("[compiling method") && /\bhot\b/.test(line));
  return new Set(lines.map((line) => /ConcurrencyMode::k\w+/.exec(line)?.[0] ?? line));
}

test("a thread compiles what runs often itself once that is asked for, and not before", () => {
  expect(modesOf("beside")).toEqual(new Set(["ConcurrencyMode::kConcurrent"]));
  expect(modesOf("in place")).toEqual(new Set(["ConcurrencyMode::kSynchronous"]));
});

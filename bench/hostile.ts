import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compileLargestFile, hostileCorpus } from "../test/support/hostile/corpus.ts";
import { CPU_MS_MAX, type HostileCase, MEBIBYTES_MAX } from "../test/support/hostile/hostile-case.ts";
import { type Figure, median, milliseconds } from "./figures.ts";

/** Turns of a case that count: their median is told. */
const TURNS = 9;
/** A case is not repeated for longer, but three times. */
const TURNS_CPU_MS = 1_500;
const TURNS_MIN = 3;
/** Times that the whole corpus is answered before anything counts, as a planning process has that is kept. */
const ROUNDS_BEFORE = 2;
/** Reading a text to its end may cost this many times what a valid one of the largest size does. */
const WHOLE_RATIO_MAX = 1;
const SHOWN = 12;

interface Cost {
  readonly cpuMs: number;
  readonly mebibytes: number;
}

/**
 * Every case of the corpus through its door, in one process that has answered all of them before. CPU time is that of
 * the whole process, its collector and its compiler among it, and the median of the turns; no collection is
 * forced then, for its own work would be counted. Memory is what the heap and its buffers grow by until the answer is
 * there, garbage included. The inputs of other cases are gone by then, so what the collector goes through is the case's
 * own. What the slowest cost a process that has planned one small pipeline before is told beside.
 * Sets the exit code to 1 when one is over a bound or gets another answer.
 */
export async function hostileInput(): Promise<readonly Figure[]> {
  const corpus = hostileCorpus();
  for (let round = 0; round < ROUNDS_BEFORE; round += 1) for (const { prepare } of corpus) prepare()();
  const whole = cpuMsOf(compileLargestFile) * WHOLE_RATIO_MAX;
  const rows = corpus.map((one) => measured(one, whole));
  const over = rows.filter(({ figure }) => figure.target?.met !== true);
  if (over.length > 0) process.exitCode = 1;
  const slowest = rows.toSorted((left, right) => right.cost.cpuMs - left.cost.cpuMs).slice(0, SHOWN);
  const refused = slowest.filter(({ one }) => one.bound === CPU_MS_MAX);
  const largest = Math.max(
    ...rows.filter(({ one }) => one.mebibytes === undefined).map(({ cost }) => cost.mebibytes),
  );
  return [
    {
      what: `${rows.length} cases of hostile input with their typed answer`,
      measured: `${rows.length - over.length} within their bounds, the largest grows ${largest.toFixed(1)} MiB`,
      target: { words: "all", met: over.length === 0 },
    },
    { what: "a valid file of the largest size", measured: milliseconds(whole), target: null },
    ...Array.from(new Set([...over, ...slowest]), ({ figure }) => figure),
    ...refused.map(({ one }) => ({
      what: `${one.name}, in a process that has planned once`,
      measured: milliseconds(firstCpuMs(one.name)),
      target: null,
    })),
  ];
}

interface Row {
  readonly one: HostileCase;
  readonly figure: Figure;
  readonly cost: Cost;
}

function measured(one: HostileCase, whole: number): Row {
  const { name, expected, bound, mebibytes: most = MEBIBYTES_MAX } = one;
  const answers = one.prepare();
  collectGarbage();
  const answered = answers().includes(expected);
  const cost = { cpuMs: cpuMsOf(answers), mebibytes: mebibytesOf(answers) };
  const mostMs = bound === "whole" ? whole : bound;
  const figure = {
    what: answered ? name : `${name} (gets another answer)`,
    measured: `${milliseconds(cost.cpuMs)}, ${cost.mebibytes.toFixed(1)} MiB`,
    target: {
      words: `${milliseconds(mostMs)}, ${most} MiB`,
      met: answered && cost.cpuMs <= mostMs && cost.mebibytes <= most,
    },
  };
  return { one, figure, cost };
}

function cpuMsOf(body: () => void): number {
  const turns: number[] = [];
  for (let spent = 0; turns.length < TURNS_MIN || (turns.length < TURNS && spent < TURNS_CPU_MS); ) {
    const before = process.cpuUsage();
    body();
    const { user, system } = process.cpuUsage(before);
    turns.push((user + system) / 1000);
    spent += (user + system) / 1000;
  }
  return median(turns);
}

function mebibytesOf(body: () => void): number {
  collectGarbage();
  const before = used();
  body();
  return Math.max(0, used() - before) / 2 ** 20;
}

/** CPU time of the first answer in a process of its own. */
function firstCpuMs(name: string): number {
  const program = join(import.meta.dirname, "answer-hostile-case.ts");
  return Number(execFileSync(process.execPath, [program, name], { encoding: "utf8" }));
}

/** Memory is compared from the same start. The flag is set here, so that the bench needs no other command. */
const collectGarbage = ((): (() => void) => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

function used(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

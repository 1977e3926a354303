import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compileLargestFile, hostileCorpus } from "../test/support/hostile/corpus.ts";
import type { CostBound, HostileCase } from "../test/support/hostile/hostile-case.ts";
import { type Figure, milliseconds } from "./figures.ts";

const MEBIBYTES_MAX = 64;
/** Turns of a case: enough to be warm. The least counts, for what is more is the machine's. */
const TURNS_MIN = 5;
const TURNS_MAX = 25;
/** A case is not repeated for longer. */
const TURNS_CPU_MS = 800;
/** Reading a text to its end may cost this many times what a valid one of the largest size does. */
const WHOLE_RATIO_MAX = 1;
const SHOWN = 12;

interface Cost {
  readonly cpuMs: number;
  readonly mebibytes: number;
}

/**
 * Every case of the corpus through its door, in one warm process. Sets the exit code to 1 when one is over a
 * bound or gets another answer. Memory is what the heap and its buffers grow by until the answer is there,
 * garbage included.
 */
export async function hostileInput(): Promise<readonly Figure[]> {
  const whole = costOf(compileLargestFile).cpuMs * WHOLE_RATIO_MAX;
  const rows = hostileCorpus().map((one) => measured(one, whole));
  const over = rows.filter(({ figure }) => figure.target?.met !== true);
  if (over.length > 0) process.exitCode = 1;
  const slowest = rows.toSorted((left, right) => right.cost.cpuMs - left.cost.cpuMs).slice(0, SHOWN);
  const largest = Math.max(...rows.map(({ cost }) => cost.mebibytes));
  return [
    {
      what: `${rows.length} cases of hostile input with their typed answer`,
      measured: `${rows.length - over.length} within their bounds, the largest grows ${largest.toFixed(1)} MiB`,
      target: { words: "all", met: over.length === 0 },
    },
    { what: "a valid file of the largest size", measured: milliseconds(whole), target: null },
    ...Array.from(new Set([...over, ...slowest]), ({ figure }) => figure),
  ];
}

function measured(
  { name, expected, bound, answers }: HostileCase,
  whole: number,
): { readonly figure: Figure; readonly cost: Cost } {
  const answered = answers().includes(expected);
  const cost = costOf(answers);
  const { cpuMs, mebibytes } = cost;
  const most = msOf(bound, whole);
  const figure = {
    what: answered ? name : `${name} (gets another answer)`,
    measured: `${milliseconds(cpuMs)}, ${mebibytes.toFixed(1)} MiB`,
    target: {
      words: `${milliseconds(most)}, ${MEBIBYTES_MAX} MiB`,
      met: answered && cpuMs <= most && mebibytes <= MEBIBYTES_MAX,
    },
  };
  return { figure, cost };
}

function msOf(bound: CostBound, whole: number): number {
  return bound === "whole" ? whole : bound;
}

function costOf(body: () => void): Cost {
  const turns: Cost[] = [];
  for (let spent = 0; turns.length < TURNS_MIN || (turns.length < TURNS_MAX && spent < TURNS_CPU_MS); ) {
    collectGarbage();
    const memory = used();
    const cpu = process.cpuUsage();
    body();
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = (user + system) / 1000;
    turns.push({ cpuMs, mebibytes: Math.max(0, used() - memory) / 2 ** 20 });
    spent += cpuMs;
  }
  return {
    cpuMs: Math.min(...turns.map(({ cpuMs }) => cpuMs)),
    mebibytes: Math.max(...turns.map(({ mebibytes }) => mebibytes)),
  };
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

import { isDeepStrictEqual } from "node:util";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

export interface Failure {
  readonly input: Uint8Array;
  /** One line: the error, or what differs. */
  readonly why: string;
}

/** CPU time of one reading that is a failure by itself. Inputs have at most four kilobytes. */
const READING_CPU_MS_MAX = 1_000;

/** What is wrong with one input; null when nothing is. With `timed` also that it took too long. */
export function failureOf(target: FuzzTarget, input: Uint8Array, timed = false): string | null {
  try {
    const before = process.cpuUsage();
    const first = target.read(input);
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    if (timed && cpuMs > READING_CPU_MS_MAX) return `took ${Math.round(cpuMs)} ms`;
    return isDeepStrictEqual(target.read(input), first) ? null : "gives another answer the second time";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error);
  }
}

export interface FuzzRun {
  readonly seed: number;
  /** Goes on as long as this says so. */
  readonly goesOn: (inputs: number) => boolean;
  readonly timed: boolean;
}

/** Inputs of one target, first the seeds as they are, until one fails. The same run for the same seed. */
export function runTarget(
  target: FuzzTarget,
  { seed, goesOn, timed }: FuzzRun,
): { readonly inputs: number; readonly failure: Failure | null } {
  const random = new Random(seed);
  let inputs = 0;
  const made = function* (): Generator<Uint8Array> {
    yield* target.seeds;
    for (;;) yield mutate(random, target.seeds, target.tokens);
  };
  for (const input of made()) {
    if (!goesOn(inputs)) break;
    inputs += 1;
    const why = failureOf(target, input, timed);
    if (why !== null) return { inputs, failure: { input, why } };
  }
  return { inputs, failure: null };
}

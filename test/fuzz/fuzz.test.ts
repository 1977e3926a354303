import { describe, expect, test } from "vitest";
import { minimise } from "./minimise.ts";
import { regressionsOf } from "./regressions.ts";
import { failureOf, runTarget } from "./run-target.ts";
import { type FuzzTarget, Misread } from "./target.ts";
import { FUZZ_TARGETS } from "./targets.ts";

/** Of each target, always the same ones: `npm run fuzz` looks further. */
const INPUTS = 150;
const SEED = 1;

describe.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))("%s", (name, target) => {
  test("reads whatever it is given, the same each time", () => {
    const { inputs, failure } = runTarget(target, { seed: SEED, goesOn: (so) => so < INPUTS, timed: false });
    expect(failure && { ...failure, input: Buffer.from(failure.input).toString("latin1") }).toBeNull();
    expect(inputs).toBe(INPUTS);
  });

  test("reads what it once read wrong", () => {
    for (const [file, input] of regressionsOf(name)) expect(failureOf(target, input), file).toBeNull();
  });
});

describe("a reader that is wrong", () => {
  const target = (read: FuzzTarget["read"]): FuzzTarget => ({
    name: "wrong",
    seeds: [Buffer.from("all is well")],
    tokens: ["BOOM"],
    read,
  });
  const run = (read: FuzzTarget["read"]) =>
    runTarget(target(read), { seed: 3, goesOn: (inputs) => inputs < 500, timed: false }).failure;

  test("is found by what it throws, and by what it says is wrong", () => {
    const throwing = (input: Uint8Array): void => {
      if (Buffer.from(input).includes("BOOM")) throw new TypeError("boom");
    };
    expect(run(throwing)?.why).toBe("TypeError: boom");
    expect(
      run(() => {
        throw new Misread("never right");
      })?.why,
    ).toMatch(/never right/);
  });

  test("is found when it answers otherwise the second time", () => {
    let count = 0;
    expect(run(() => (count += 1))?.why).toMatch(/second time/);
  });

  test("gets its input back as short as it still fails", () => {
    const least = minimise(Buffer.from("much before BOOM much after"), (input) =>
      Buffer.from(input).includes("BOOM"),
    );
    expect(Buffer.from(least).toString()).toBe("BOOM");
  });
});

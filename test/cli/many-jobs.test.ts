import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { jobsTable } from "../../cli/progress/run-text.ts";
import { makeJob, makeRun } from "./support/api-server.ts";

/** Wide enough that no line is wrapped. */
function stream(isTTY: boolean): NodeJS.WriteStream {
  const like: NodeJS.WriteStream = Object.create(process.stdout);
  return Object.assign(like, { isTTY, columns: 500 });
}

function lines(isTTY: boolean, full = false): readonly string[] {
  const text = stripVTControlCharacters(jobsTable(run, 0, stream(isTTY), full));
  return text.split("\n").map((line) => line.replaceAll(/ {2,}/g, "  "));
}

const tests = Array.from({ length: 30 }, (_, index) =>
  makeJob(`test[component=p-${index}]`, index === 20 ? { state: "failed", reason: "step_failed" } : {}),
);
const run = makeRun({ jobs: [makeJob("lint"), ...tests, makeJob("deploy")] });

describe("the table of a run with many jobs", () => {
  test("tells a terminal the first of many alike, and each that is not like them", () => {
    const shown = lines(true);
    expect(shown.filter((line) => line.startsWith("✓ succeeded  test["))).toHaveLength(5);
    expect(shown).toContain("✓ succeeded  … 24 more of test");
    expect(shown).toContainEqual(expect.stringMatching(/^✗ failed {2}test\[component=p-20\] {2}/));
    expect(shown).toContainEqual(expect.stringMatching(/^✓ succeeded {2}deploy {2}/));
    expect(shown.at(-1)).toBe("--full lists every job");
  });

  test("tells all to a pipe, and to a terminal when asked to", () => {
    for (const shown of [lines(false), lines(true, true)]) {
      expect(shown).toHaveLength(1 + run.jobs.length);
      expect(shown.join("\n")).not.toContain("--full");
    }
  });
});

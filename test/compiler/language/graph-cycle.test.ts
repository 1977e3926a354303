import { expect, test } from "vitest";
import { loadText } from "./load-text.ts";

/** Jobs of which each needs the next one and the last one the first. */
const circleOf = (count: number): string => {
  const job = (index: number): string => `  j${index}: { steps: [a], needs: j${(index + 1) % count} }\n`;
  return `version: 1\njobs:\n${Array.from({ length: count }, (_, index) => job(index)).join("")}`;
};

test("a circle of ten jobs is told job by job, each with the place of its need", () => {
  const text = circleOf(10);
  const [found] = loadText(text).diagnostics;
  const path = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0].map((index) => `\`j${index}\``).join(" -> ");
  expect(found?.message).toBe(`Jobs need each other in a circle: ${path}`);
  const places = [{ span: found?.span }, ...(found?.related ?? [])];
  expect(places.map(({ span }) => text.slice(span?.start, span?.end))).toEqual(
    Array.from({ length: 10 }, (_, index) => `j${(index + 1) % 10}`),
  );
});

test("a circle of a thousand jobs is told from both of its ends, and the jobs between them are counted", () => {
  const { diagnostics } = loadText(circleOf(1_000));
  expect(diagnostics).toHaveLength(1);
  const [found] = diagnostics;
  expect(found?.message).toBe(
    "Jobs need each other in a circle: `j0` -> `j1` -> `j2` -> `j3` -> `j4` -> 990 more -> `j995` -> `j996` -> `j997` -> `j998` -> `j999` -> `j0`",
  );
  expect(found?.related.map(({ message }) => message)).toEqual([
    ...[1, 2, 3, 4].map((index) => `\`j${index}\` needs \`j${index + 1}\``),
    ...[995, 996, 997, 998].map((index) => `\`j${index}\` needs \`j${index + 1}\``),
    "`j999` needs `j0`",
  ]);
});

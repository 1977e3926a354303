import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Candidates, suggest } from "../../../compiler/diagnostics/suggest.ts";

/** The whole table, without a shortcut. */
function differences(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, row) =>
    Array.from({ length: b.length + 1 }, (_column, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  const at = (row: number, column: number): number => table[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    for (let column = 1; column <= b.length; column += 1) {
      const [here, there] = [a[row - 1], b[column - 1]];
      const costs = [at(row - 1, column) + 1, at(row, column - 1) + 1];
      costs.push(at(row - 1, column - 1) + (here === there ? 0 : 1));
      if (here === b[column - 2] && a[row - 2] === there) costs.push(at(row - 2, column - 2) + 1);
      (table[row] as number[])[column] = Math.min(...costs);
    }
  }
  return at(a.length, b.length);
}

function nearest(word: string, candidates: readonly string[]): string | null {
  const most = Math.max(1, Math.floor(word.length / 3));
  const near = candidates.map((name) => ({ name, cost: differences(word, name) }));
  const best = near.filter(({ cost }) => cost <= most).sort((left, right) => left.cost - right.cost);
  return best[0]?.name ?? null;
}

test("what is suggested is the first of the nearest names, and none when no name is near", () => {
  const word = (max: number) =>
    fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: max }).map((all) => all.join(""));
  fc.assert(
    fc.property(fc.oneof(word(10), word(40)), fc.array(fc.oneof(word(10), word(44))), (typed, names) => {
      expect(suggest(typed, names)).toBe(nearest(typed, names));
    }),
    { numRuns: 2_000 },
  );
});

test("names made ready once answer each word as if they were asked for it alone", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "C", "-", "1"), minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.array(word), fc.array(word), word, (typed, names, except) => {
      const candidates = new Candidates(names);
      for (const one of typed) {
        const others = names.filter((name) => name !== except);
        expect(candidates.nearest(one, except)).toBe(suggest(one, others));
      }
    }),
    { numRuns: 500 },
  );
});

test("names with a bound on comparisons help the first words alone, others every word", () => {
  const helped = (comparisonsMax?: number): number => {
    const names = Array.from({ length: 1_000 }, (_, index) => `component-${index}`);
    const candidates = new Candidates(names, comparisonsMax);
    return Array.from({ length: 200 }, () => candidates.nearest("componnet-1")).filter((one) => one !== null)
      .length;
  };
  expect([helped(20_000), helped()]).toEqual([20, 200]);
});

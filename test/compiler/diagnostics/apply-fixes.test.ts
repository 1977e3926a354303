import { expect, test } from "vitest";
import { applyFixes } from "../../../compiler/diagnostics/index.ts";
import type { Diagnostic } from "../../../schemas/diagnostic.ts";

function withFix(...edits: readonly (readonly [number, number, string])[]): Diagnostic {
  return {
    code: "DC1505",
    severity: "error",
    message: "",
    span: null,
    related: [],
    fix: {
      title: "fix",
      edits: edits.map(([start, end, newText]) => ({ span: { file: "p", start, end }, newText })),
    },
  };
}

const sources = (file: string) => (file === "p" ? "0123456789" : null);

test("fixes are applied together, whatever their order", () => {
  const { texts, applied } = applyFixes([withFix([8, 9, "H"], [0, 1, "A"]), withFix([3, 5, ""])], sources);
  expect(texts.get("p")).toBe("A12567H9");
  expect(applied).toHaveLength(2);
});

test("a fix that overlaps an earlier one is left whole", () => {
  const { texts, left } = applyFixes([withFix([2, 5, "x"]), withFix([0, 1, "A"], [4, 6, "y"])], sources);
  expect(texts.get("p")).toBe("01x56789");
  expect(left).toHaveLength(1);
});

test("a fix for a file that is not at hand or is shorter is left", () => {
  const elsewhere = withFix([9, 12, "x"]);
  expect(applyFixes([elsewhere], sources)).toMatchObject({ applied: [], left: [elsewhere.fix] });
});

import { describe, expect, test } from "vitest";
import { diagnosticExamples } from "../../support/compiler/diagnostic-examples.ts";
import { codesOf, loadText } from "./load-text.ts";

/** Codes that loading a pipeline raises: text, shape, names, expressions, matrix, includes. */
const OF_LOADING = /^DC1(?!15[3-6])[0-46]/;

const examples = diagnosticExamples(OF_LOADING);

describe("examples in docs/diagnostics.md", () => {
  test("there are many", () => {
    expect(examples.length).toBeGreaterThanOrEqual(40);
  });

  test.each(examples)("$title does what the text says", ({ code, isOk, yaml }) => {
    const codes = codesOf(loadText(yaml));
    if (isOk) expect(codes).toEqual([]);
    else expect(codes).toContain(code);
  });
});

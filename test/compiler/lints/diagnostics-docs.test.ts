import { describe, expect, test } from "vitest";
import { docsPath } from "../../../compiler/diagnostics/index.ts";
import { compile } from "../../../compiler/index.ts";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../../schemas/diagnostic-codes.ts";
import { DIAGNOSTICS_PAGE, diagnosticExamples } from "../../support/compiler/diagnostic-examples.ts";
import { caseInput } from "../support/case-input.ts";

/** What is found while deciding: globs, requests, advice. */
const OF_DECIDING = /^DC1(?:5|9|25|15[3-6])/;

const examples = diagnosticExamples(OF_DECIDING);

/** Files that the examples speak of. */
const files = { "src/a.ts": "", "docs/a.md": "", "app/(shop)/page.tsx": "" };

describe("examples in docs/diagnostics.md", () => {
  test("there is one for nearly every code", () => {
    expect(new Set(examples.map(({ code }) => code)).size).toBeGreaterThanOrEqual(13);
  });

  test.each(examples)("$title does what the text says", ({ code, isOk, yaml }) => {
    const found = compile(caseInput(yaml, { files })).diagnostics.map((diagnostic) => diagnostic.code);
    if (isOk) expect(found).toEqual([]);
    else expect(found).toContain(code);
  });
});

test("the path that a diagnostic gives leads to its heading", () => {
  const anchors = Array.from(DIAGNOSTICS_PAGE.matchAll(/^### (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  for (const code of Object.keys(DIAGNOSTIC_CODES) as DiagnosticCode[]) {
    expect(anchors, code).toContain(docsPath(code).split("#")[1]);
  }
});

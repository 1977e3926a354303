import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codesOf, loadText } from "./load-text.ts";

/** Codes that loading a pipeline raises: text, shape, names, expressions, matrix, includes. */
const OF_LOADING = /^DC1(?!15[3-6])[0-46]/;

/** Sections of docs/diagnostics.md with their examples. */
function examples() {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/diagnostics.md"), "utf8");
  return text
    .split(/^### /m)
    .filter((section) => OF_LOADING.test(section))
    .flatMap((section) => {
      const code = section.slice(0, "DC0000".length);
      const blocks = section.matchAll(/^```yaml( ok)?\n([\s\S]*?)^```$/gm);
      return Array.from(blocks, ([, ok, yaml = ""], index) => ({
        title: `${code} example ${index + 1}`,
        code,
        isOk: ok !== undefined,
        yaml,
      }));
    });
}

describe("examples in docs/diagnostics.md", () => {
  test("there are many", () => {
    expect(examples().length).toBeGreaterThanOrEqual(40);
  });

  test.each(examples())("$title does what the text says", ({ code, isOk, yaml }) => {
    const codes = codesOf(loadText(yaml));
    if (isOk) expect(codes).toEqual([]);
    else expect(codes).toContain(code);
  });
});

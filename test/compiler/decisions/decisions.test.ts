import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatHuman, textsOf } from "../../../compiler/diagnostics/index.ts";
import { compile } from "../../../compiler/index.ts";
import { renderPlan } from "../../../compiler/render/index.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

/**
 * One folder for each case: `pipeline.yaml` (absent: the commit has none), `case.json` (a CaseInput;
 * absent: a push to main in which nothing changed), and what is printed: `expected.txt` when there is
 * no plan, else `expected.plan.txt`. `UPDATE_CASES=1` writes what is printed now; read the difference.
 */
const CASES = join(import.meta.dirname, "cases");

function readOptional(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

describe.each(readdirSync(CASES))("%s", (name) => {
  test("prints what its folder expects", () => {
    const folder = join(CASES, name);
    const given = readOptional(join(folder, "case.json"));
    const input = caseInput(
      readOptional(join(folder, "pipeline.yaml")),
      given === null ? {} : (JSON.parse(given) as CaseInput),
    );
    const { plan, diagnostics } = compile(input);
    const found = formatHuman(diagnostics, textsOf(input.head.contents));
    const [file, other] =
      plan === null ? ["expected.txt", "expected.plan.txt"] : ["expected.plan.txt", "expected.txt"];
    const text =
      plan === null
        ? found
        : `${renderPlan(plan, { digest: "DIGEST", colour: false })}${found && `\n${found}`}`;
    if (process.env["UPDATE_CASES"] === "1") writeFileSync(join(folder, file), text);
    expect(readOptional(join(folder, other)), `${other} expects another kind of answer`).toBeNull();
    expect(text).toBe(readOptional(join(folder, file)));
  });
});

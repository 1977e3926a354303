import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatHuman } from "../../../compiler/diagnostics/index.ts";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile, inputTexts } from "../../../compiler/index.ts";
import { PIPELINE_FILE, type TreeSnapshot } from "../../../compiler/input.ts";
import { notCarriedOut } from "../../../control-plane/planning/not-carried-out.ts";
import { toldAsDiagnostics } from "../../../control-plane/planning/told-as-diagnostics.ts";
import { DIAGNOSTIC_CODES } from "../../../schemas/diagnostic-codes.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

/**
 * One folder for each rule, named after it: `pipeline.yaml`, or `pieces.json` for one too large to keep (texts and how
 * often each comes; `#` is the count, `@` a letter-safe one), or the file of another system to import; `case.json` is
 * the CaseInput around it. `expected.txt` is what a person is shown.
 */
const CASES = join(import.meta.dirname, "cases");
const LANGUAGE_CASES = join(import.meta.dirname, "../language/cases");

const codes = Object.entries(DIAGNOSTIC_CODES).filter(([, entry]) => entry.retired !== true);
const codeOf = new Map(codes.map(([code, { name }]) => [name, code]));

function read(folder: string, file: string): string | null {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function built(pieces: string): string {
  return (JSON.parse(pieces) as readonly (readonly [string, number])[])
    .map(([text, times]) =>
      Array.from({ length: times }, (_, index) =>
        text
          .replaceAll("@1", String(index + 1))
          .replaceAll("@", String(index))
          .replaceAll("#", String(index)),
      ).join(""),
    )
    .join("");
}

/** Bytes that are not UTF-8 in place of the text, for the case about them. */
function withLatin1(head: TreeSnapshot, text: string): TreeSnapshot {
  return { ...head, contents: new Map([...head.contents, [PIPELINE_FILE, Buffer.from(text, "latin1")]]) };
}

function shown(name: string): string {
  const folder = join(CASES, name);
  const foreign = read(folder, ".gitlab-ci.yml");
  if (foreign !== null) {
    const { findings } = importPipeline("gitlab", ".gitlab-ci.yml", new TextEncoder().encode(foreign));
    return formatHuman(findings, () => foreign);
  }
  const workflow = read(folder, "workflow.yml");
  if (workflow !== null) {
    const { findings } = importPipeline("github", "workflow.yml", new TextEncoder().encode(workflow));
    return formatHuman(findings, () => workflow);
  }
  const pieces = read(folder, "pieces.json");
  const text = pieces === null ? read(folder, "pipeline.yaml") : built(pieces);
  const given = JSON.parse(read(folder, "case.json") ?? "{}") as CaseInput;
  const plain = caseInput(text, given);
  const head = name === "yaml.encoding" ? withLatin1(plain.head, text ?? "") : plain.head;
  const input = { ...plain, head };
  const { plan, diagnostics } = compile(input);
  const sources = inputTexts(input);
  const told =
    name.startsWith("run.") && plan !== null ? notCarriedOut(plan, { labels: false, network: false }) : [];
  return formatHuman([...diagnostics, ...toldAsDiagnostics(told, sources)], sources);
}

describe("golden cases", () => {
  test.each(readdirSync(CASES))("%s", async (name) => {
    const text = shown(name);
    expect(text, "the case raises the rule it is named after").toContain(`${codeOf.get(name)} ${name}:`);
    await expect(text).toMatchFileSnapshot(join(CASES, name, "expected.txt"));
  });

  test("there is one for every code that is raised, and none for another", () => {
    const folders = [...readdirSync(CASES), ...readdirSync(LANGUAGE_CASES)];
    expect(folders.sort()).toEqual([...codeOf.keys()].sort());
  });
});

import { expect, test } from "vitest";
import { convertExpression } from "../../../compiler/import/github/expression.ts";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";
import { PULL_REQUEST } from "./pull-request.ts";

/** What texts of GitHub that are chosen by conditions are for a push, a tag and a pull request. */
function texts(source: string): readonly string[] {
  const text = `on: [push, pull_request]\njobs: { a: { container: a, strategy: { matrix: { n: [one] } }, env: { A: ${JSON.stringify(`\${{ ${source} }}`)} }, steps: [{ run: x }] } }\n`;
  const { pipeline, findings } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  expect(findings.filter(({ code }) => code !== "DC1804")).toEqual([]);
  return [
    { kind: "push" as const },
    { kind: "push" as const, ref: "refs/tags/v1" },
    { kind: "pull_request" as const, pull_request: PULL_REQUEST },
  ].map((event) => compile(caseInput(pipeline, { event })).plan?.jobs[0]?.env["A"] ?? "");
}

test.each([
  ["github.event_name == 'push' && 'pushed' || 'other'", ["pushed", "pushed", "other"]],
  [
    "github.ref_type == 'tag' && 'tag' || github.event_name == 'push' && 'branch' || 'request'",
    ["branch", "tag", "request"],
  ],
  ["github.ref_type == 'tag' && github.event_name == 'push' && 'tag' || ''", ["", "tag", ""]],
  ["github.event_name == 'push' && '' || 'both'", ["both", "both", "both"]],
  [
    "github.event_name == 'push' && 'it''s a \"word\" \\n' || 'z'",
    ['it\'s a "word" \\n', 'it\'s a "word" \\n', "z"],
  ],
  ["(github.event_name == 'push' || true) && 'always' || 'never'", ["always", "always", "always"]],
] as const)("%s", (source, expected) => {
  expect(texts(source)).toEqual(expected);
});

test.each(["github.event_name == 'push' && github.head_ref || 'none'", "github.ref_type && 'a' || 7"])(
  "%s is told: it is not known when its first text is empty, or it is no text",
  (source) => {
    const scope = { inputs: new Set<string>(), axes: new Set<string>() };
    expect(convertExpression(source, scope)).toEqual({ problem: "it chooses between values" });
  },
);

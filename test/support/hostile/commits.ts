import { list, lines } from "./hostile-case.ts";
import { HOSTILE_PIPELINES } from "./pipelines.ts";
import { HOSTILE_YAML } from "./yaml-texts.ts";

/** A commit to plan that asks for too much, and a finding that it must get. */
export interface HostileCommit {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly code: string;
}

const textNamed = (name: string): string => {
  const found = [...HOSTILE_YAML, ...HOSTILE_PIPELINES].find((one) => one.name === name);
  if (typeof found?.text !== "string") throw new Error(`no hostile text is named ${name}`);
  return found.text;
};
const pipeline = (text: string): Readonly<Record<string, string>> => ({ ".delta/pipeline.yaml": text });

/** One for each part of a compile. */
export const HOSTILE_COMMITS: readonly HostileCommit[] = [
  { name: "YAML", files: pipeline(textNamed("Y4 a merge bomb")), code: "DC1008" },
  {
    name: "YAML to its end",
    files: pipeline(textNamed("a quarter of a million words")),
    code: "DC1017",
  },
  {
    name: "globs",
    files: pipeline(
      `version: 1\njobs:\n${lines(900, (index) => `  j${index}: { steps: [a], changes: ["${"*a".repeat(200)}b${index}", "${"**/a/".repeat(20)}b"] }`)}`,
    ),
    code: "DC1902",
  },
  {
    name: "expressions",
    files: pipeline(textNamed("thousands of misspelt names in expressions")),
    code: "DC1302",
  },
  {
    name: "a matrix",
    files: pipeline(textNamed("Y20 forty axes of two")),
    code: "DC1401",
  },
  {
    name: "a plan that is too large written out",
    files: pipeline(
      `version: 1\njobs: { a: { matrix: { axes: { n: [${list(256, String)}] } }, steps: ["${"x".repeat(60_000)}"] } }`,
    ),
    code: "DC1207",
  },
  { name: "a graph", files: pipeline(textNamed("Y21 ten thousand edges")), code: "DC1205" },
  {
    name: "manifests",
    files: {
      "package.json": "[".repeat(500_000),
      "yarn.lock": lines(
        20_000,
        (index) => `p${index}@1:\n  version "1"\n  dependencies:\n    p${(index + 1) % 20_000} "1"\n`,
      ),
      "Cargo.toml": `a = ${"[".repeat(300_000)}`,
    },
    code: "DC1702",
  },
];

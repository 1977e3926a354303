import { satisfies, validRange } from "semver";
import { Report } from "../../../compiler/diagnostics/report.ts";
import {
  checkExpression,
  evaluateExpression,
  mapOf,
  ANY,
  parseExpression,
  parseTemplate,
  renderTemplate,
  type Scope,
  type Value,
} from "../../../compiler/expressions/index.ts";
import { bytesOf, type FuzzTarget, must, mustBePlaced, textOf } from "../target.ts";

const FILE = "pipeline.yaml";
const names: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["event", new Map<string, Value>([["kind", "push"]])],
  [
    "ref",
    new Map<string, Value>([
      ["name", "main"],
      ["is_default", true],
    ]),
  ],
  [
    "vars",
    new Map<string, Value>([
      ["n", 3],
      ["s", "x,y"],
      ["none", null],
    ]),
  ],
  ["changes", new Map<string, Value>([["paths", ["src/a.ts", "docs/b.md"]]])],
]);
const scope: Scope = { names, files: [{ path: "src/a.ts", blob: "1".repeat(40) }] };
const type = mapOf(new Map(Array.from(names.keys(), (name) => [name, ANY])));
const tokens = [
  "&&",
  "||",
  "!",
  "==",
  "<=",
  "??",
  "in",
  "(",
  ")",
  "[",
  "]",
  ".",
  ",",
  "'",
  "null",
  "true",
  "vars.n",
  "glob(",
  "semver(",
  "from_json(",
  "1e9",
  "${{",
  "}}",
  "$${{",
];
const expressions = [
  "event.kind == 'push' && !ref.is_default || vars.n >= 2",
  "glob(changes.paths, 'src/**') && contains(vars.s, 'x') && 'a' in ['a', 'b']",
  "semver('1.2.3', '^1.0.0 || >=2.1 <3') ?? false",
  "join(changes.paths, ', ') == to_json([1, 'two', null, true])",
  "from_json('{\"a\":[1,2]}').a[0] == 1 && exists('src/a.ts')",
  "lower(upper(ref.name)) != hash_files('src/**') && starts_with(vars.s, 'x')",
];

/** Conditions: never a throw, findings inside the text, and an end within the cost of an evaluation. */
export const expressionTarget: FuzzTarget = {
  name: "expressions",
  seeds: bytesOf(...expressions),
  tokens,
  read(input) {
    const source = textOf(input);
    const report = new Report();
    const parsed = parseExpression(source, (start, end) => ({ file: FILE, start, end }), report);
    if (parsed !== null) checkExpression(parsed, type, report);
    mustBePlaced(report.settle(), new Map([[FILE, source.length]]));
    must(parsed !== null || report.hasErrors, "nothing was read and nothing said");
    return { parsed, found: report.settle(), evaluated: parsed && evaluateExpression(parsed, scope) };
  },
};

export const templateTarget: FuzzTarget = {
  name: "templates",
  seeds: bytesOf(
    ...expressions.map((text) => ["before $", "{{ ", text, " }} after"].join("")),
    "$${{ no }} ${{ '}}' }}${{vars.n}}",
  ),
  tokens,
  read(input) {
    const text = textOf(input);
    const report = new Report();
    const span = { file: FILE, start: 0, end: text.length };
    const template = parseTemplate({ text, written: text, span }, report);
    mustBePlaced(report.settle(), new Map([[FILE, text.length]]));
    must(template !== null || report.hasErrors, "nothing was read and nothing said");
    const rendered = template && renderTemplate(template, scope);
    if (!text.includes("${{"))
      must(rendered?.text === text, "text without an expression does not stay as it is");
    return { template, found: report.settle(), rendered };
  },
};

/** `version\nrange`: what `semver` the function says is what `semver` the package says. */
export const semverTarget: FuzzTarget = {
  name: "semver",
  seeds: bytesOf("1.2.3\n^1.0.0", "2.0.0-rc.1+build\n>=2.0.0-0 <3 || ~1.4", "0.0.0\n*", "1.0.0\n1.x - 2"),
  tokens: ["^", "~", ">=", "<", "||", " - ", "x", "*", "-rc.1", "+b", ".", "v", "="],
  read(input) {
    const [version = "", range = ""] = textOf(input).split("\n");
    const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    const report = new Report();
    const source = `semver(${quoted(version)}, ${quoted(range)})`;
    const parsed = parseExpression(source, (start, end) => ({ file: FILE, start, end }), report);
    const evaluated = parsed && evaluateExpression(parsed, scope);
    if (evaluated !== null && evaluated.problem === null) {
      must(validRange(range) !== null, "a range is accepted that is none");
      must(evaluated.value === satisfies(version, range), "semver is answered otherwise than by its package");
    }
    return { evaluated, found: report.settle() };
  },
};

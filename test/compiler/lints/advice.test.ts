import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

/** Codes of the advice on a pipeline that compiles. */
function advice(pipeline: string, given: CaseInput = {}): readonly string[] {
  const { plan, diagnostics } = compile(caseInput(`version: 1\n${pipeline}`, given));
  expect(plan, JSON.stringify(diagnostics)).not.toBeNull();
  expect(diagnostics.every(({ severity }) => severity === "warning")).toBe(true);
  return diagnostics.map(({ code }) => code);
}

const job = (name: string, ...lines: readonly string[]): string =>
  `  ${name}:\n${lines.map((line) => `    ${line}\n`).join("")}    steps: [make]\n`;

describe("a need that can be left out", () => {
  test.each([
    ["another condition", job("a", "if: ref.kind == 'tag'") + job("b", "needs: [a]"), ["DC1901"]],
    [
      "the same condition",
      job("a", "if: ref.kind == 'tag'") + job("b", "if: ref.kind == 'tag'", "needs: [a]"),
      [],
    ],
    [
      "the same condition and more",
      job("a", "if: ref.kind == 'tag'") +
        job("b", "if: ref.kind  ==  'tag' && event.kind == 'push'", "needs: [a]"),
      [],
    ],
    ["changes alone", job("a", "changes: [src/**]") + job("b", "needs: [a]"), []],
  ])("%s", (_name, jobs, expected) => {
    expect(advice(`jobs:\n${jobs}`, { files: { "src/a": "" } })).toEqual(expected);
  });

  test("is said once for all cells of a matrix", () => {
    const cells = "matrix: { axes: { n: [1, 2, 3], m: [1, 2, 3] } }";
    expect(advice(`jobs:\n${job("a", "if: ref.kind == 'tag'")}${job("b", cells, "needs: [a]")}`)).toEqual([
      "DC1901",
    ]);
  });
});

describe("a job that can never run", () => {
  test.each([
    ["a condition that is always false", "", "if: 1 == 2", ["DC1903"]],
    [
      "a kind of event that does not start the pipeline",
      "on: [push]\n",
      "if: event.kind == 'schedule'",
      ["DC1903"],
    ],
    ["a kind that is none", "", "if: event.kind == 'merge'", ["DC1903"]],
    [
      "a tag where only branches start it",
      "on: { push: { branches: [main] } }\n",
      "if: ref.kind == 'tag'",
      ["DC1903"],
    ],
    [
      "a tag where a person may start it",
      "on: { push: { branches: [main] }, manual: }\n",
      "if: ref.kind == 'tag'",
      [],
    ],
    ["one of several", "on: [push]\n", "if: event.kind == 'schedule' || event.kind == 'push'", []],
    ["a value", "", "if: ref.name == 'none-such'", []],
  ])("%s", (_name, on, condition, expected) => {
    expect(advice(`${on}jobs:\n${job("a", condition)}`)).toEqual(expected);
  });

  test("blocks what needs it", () => {
    const jobs = job("a", "if: 1 == 2") + job("b", "if: 1 == 2", "needs: [a]") + job("c", "needs: [a]");
    expect(advice(`jobs:\n${jobs}`)).toEqual(["DC1903", "DC1903", "DC1901", "DC1903"]);
  });
});

describe("globs", () => {
  const files = { "src/a.ts": "", "docs/a.md": "" };
  test.each([
    ["a file at head", '["src/**"]', []],
    ["no file", '["scr/**"]', ["DC1902"]],
    ["an exclusion of nothing", '["src/**", "!none/**"]', []],
    ["stars in a name", '["src/**.ts"]', ["DC1905"]],
    ["stars and an ending alone", '["**.ts"]', []],
    ["stars in braces", '["{src/**,docs/**}"]', []],
    ["an exclusion that comes first", '["!src/b/**", "src/**"]', ["DC1906"]],
    ["an exclusion that comes later", '["src/**", "!src/b/**"]', []],
  ])("%s", (_name, globs, expected) => {
    expect(advice(`jobs:\n${job("a", `changes: ${globs}`)}`, { files })).toEqual(expected);
  });

  test("a file that the change deletes still fits", () => {
    const given: CaseInput = { base: { "old/a": "" }, changed: [{ status: "D", path: "old/a" }] };
    expect(advice(`jobs:\n${job("a", "changes: [old/**]")}`, given)).toEqual([]);
  });
});

describe("a rule that never decides", () => {
  const files = { "src/a/b.ts": "", "docs/a.md": "" };
  const rules = (...entries: readonly string[]): string =>
    `vars: { env: prod }\njobs:\n${job("a", "rules:", ...entries.map((entry) => `  - ${entry}`))}`;

  test.each<readonly [string, readonly string[]]>([
    ["after one that always holds", ["run: auto", "if: ref.kind == 'tag'"]],
    ["after the same one", ["if: ref.kind == 'tag'", "if: \"'tag' == ref.kind\""]],
    ["after one that asks for less", ["if: ref.kind == 'tag'", "if: ref.kind == 'tag' && pr.draft == true"]],
    ["after one that a value makes true", ["if: starts_with(ref.name, 'v')", "if: ref.name == 'v1'"]],
    ["after one that excludes another value", ["if: ref.name != 'main'", "if: ref.name == 'v1'"]],
    ["after one of its ways", ["if: ref.kind == 'tag' || pr.number == 1", "if: pr.number == 1"]],
    ["whose every way is held", ["if: ref.name != 'main'", "if: ref.name in ['a', 'b'] || ref.name == 'c'"]],
    ["whose globs are held", ["changes: [src/**]", "changes: [src/a/*.ts, src/b]"]],
    ["whose globs in braces are held", ["changes: ['{src,docs}/**']", "changes: ['docs/*.md']"]],
    [
      "of never, after a rule of never",
      ["if: ref.kind == 'tag'\n        run: never", "if: ref.kind == 'tag'"],
    ],
  ])("%s", (_name, entries) => {
    expect(advice(rules(...entries), { files }).filter((code) => code === "DC1907")).toEqual(["DC1907"]);
  });

  test.each<readonly [string, readonly string[]]>([
    ["after a narrower one", ["if: ref.name == 'v1'", "if: starts_with(ref.name, 'v')"]],
    ["after another value", ["if: ref.name == 'a'", "if: ref.name == 'b'"]],
    ["after what files decide", ["if: '!exists(\"x\")'", "if: ref.name == 'b'"]],
    [
      "after one that asks for changes too",
      ["if: ref.kind == 'tag'\n        changes: [src/**]", "if: ref.kind == 'tag'"],
    ],
    ["after a narrower glob", ["changes: [src/a/*.ts]", "changes: [src/**]"]],
    ["after a glob with an exclusion", ["changes: [src/**, '!src/a/**']", "changes: [src/a/b.ts]"]],
    ["after paths, for components", ["changes: [src/**]", "changes: [src/a/b.ts]\n        components: [x]"]],
    // A doubt about what changed passes over the first, and then the second decides.
    ["after a rule of never about paths", ["changes: [src/**]\n        run: never", "changes: [src/a/*.ts]"]],
  ])("not %s", (_name, entries) => {
    const components = "components: { x: { root: docs } }\n";
    const found = advice(`${components}${rules(...entries)}`, { files });
    expect(found.filter((code) => code === "DC1907")).toEqual([]);
  });

  test("of the pipeline itself", () => {
    const pipeline = `rules: [{ run: auto }, { if: ref.kind == 'tag', run: never }]\njobs:\n${job("a")}`;
    expect(advice(pipeline)).toEqual(["DC1907"]);
  });
});

describe("rules", () => {
  test.each<readonly [string, string, readonly string[]]>([
    ["that are all never, for a job asked for by name", job("a", "rules: [{ run: never }]"), []],
    [
      "for events that do not start the pipeline",
      job("a", "rules: [{ if: event.kind == 'schedule' }]"),
      ["DC1903"],
    ],
    ["one of which can hold", job("a", "rules: [{ if: ref.kind == 'tag', run: never }, { run: auto }]"), []],
    [
      "that leave out what another job needs",
      job("a", "rules: [{ if: ref.name == 'x', run: never }, { run: auto }]") + job("b", "needs: [a]"),
      ["DC1901"],
    ],
    [
      "that leave it out where its dependent is left out too",
      job("a", "rules: [{ if: ref.name == 'x', run: never }, { run: auto }]") +
        job("b", "if: ref.name == 'y'", "needs: [a]"),
      [],
    ],
    [
      "that both jobs have",
      job("a", "rules: [{ if: ref.name == 'x' }]") +
        job("b", "rules: [{ if: ref.name == 'x' }]", "needs: [a]"),
      [],
    ],
    [
      "that leave it out for lack of changes alone",
      job("a", "rules: [{ changes: [src/**] }, { if: ref.kind == 'tag' || ref.kind != 'tag' }]") +
        job("b", "if: ref.kind == 'tag'", "needs: [a]"),
      [],
    ],
  ])("%s", (_name, jobs, expected) => {
    const found = advice(`on: [push]\njobs:\n${jobs}`, { files: { "src/a": "" } });
    expect(found).toEqual(expected);
  });
});

describe("the checks of components", () => {
  test.each([
    ["required by name", "for_each: affected\n    required: true", ["DC1908"]],
    ["required as all jobs are", "for_each: affected", []],
    ["of a job without them", "required: true", []],
  ])("%s", (_name, line, expected) => {
    expect(advice(`jobs:\n${job("a", line)}`)).toEqual(expected);
  });

  test("required through a template", () => {
    const templates = "templates: { t: { required: true } }\n";
    expect(advice(`${templates}jobs:\n${job("a", "extends: t", "for_each: affected")}`)).toEqual(["DC1908"]);
  });
});

describe("the types of a pull request", () => {
  test.each([
    ["[opened]", ["DC1909"]],
    ["[opened, synchronize]", []],
    ["[labeled]", []],
  ])("%s", (types, expected) => {
    expect(advice(`on: { pull_request: { types: ${types} } }\njobs:\n${job("a")}`)).toEqual(expected);
  });
});

describe("a secret where forks come", () => {
  const on = (forks: boolean): string => `on: { push: {}, pull_request: { forks: ${forks} } }\n`;
  const asks = "secrets: { TOKEN: npm }";
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ["without a condition", [asks], ["DC1910"]],
    ["with an identity token", ["id_tokens: { TOKEN: npm }"], ["DC1910"]],
    ["with a condition on something else", ["if: ref.name == 'main'", asks], ["DC1910"]],
    ["for trusted events", ["if: event.trust == 'trusted'", asks], []],
    ["for pushes", ["if: event.kind == 'push' && ref.name == 'main'", asks], []],
    ["for tags", ["if: ref.kind == 'tag'", asks], []],
    [
      "unless a rule says never",
      ["rules: [{ if: pr.from_fork == true, run: never }, { run: auto }]", asks],
      [],
    ],
    [
      "if a rule says never too late",
      ["rules: [{ run: auto }, { if: pr.from_fork == true, run: never }]", asks],
      ["DC1907", "DC1910"],
    ],
  ])("%s", (_name, lines, expected) => {
    expect(advice(`${on(true)}jobs:\n${job("a", ...lines)}`)).toEqual(expected);
    expect(advice(`${on(false)}jobs:\n${job("a", ...lines)}`)).not.toContain("DC1910");
  });

  test("is not reached behind a job that forks do not run, or when the pipeline's rules refuse them", () => {
    const jobs = job("a", "if: event.kind == 'push'") + job("b", "needs: [a]", asks);
    expect(advice(`${on(true)}jobs:\n${jobs}`)).not.toContain("DC1910");
    const rules = "rules: [{ if: event.trust == 'fork', run: never }, { run: auto }]\n";
    expect(advice(`${on(true)}${rules}jobs:\n${job("b", asks)}`)).toEqual([]);
  });
});

test("advice never hides an error, however much there is of it", () => {
  const many = Array.from({ length: 300 }, (_, index) => job(`j${index}`, `changes: [none${index}/**]`)).join(
    "",
  );
  const { plan, diagnostics } = compile(
    caseInput(`version: 1\njobs:\n${many}${job("z", "components: [none]")}`),
  );
  expect(plan).toBeNull();
  expect(diagnostics.some(({ code }) => code === "DC1703")).toBe(true);
});

import { describe, expect, test } from "vitest";
import { absentInstance, compile, whyNot } from "../../../compiler/index.ts";
import { componentNames } from "../../../compiler/selection/component-names.ts";
import type { Component } from "../../../schemas/components.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";
import { compiled, running } from "../support/compiled.ts";

const files: Record<string, string> = {
  "package.json": '{"private":true,"workspaces":["packages/*"]}',
  "packages/a/package.json": '{"name":"a","dependencies":{"b":"*"}}',
  "packages/b/package.json": '{"name":"b"}',
  "packages/c/package.json": '{"name":"c"}',
  "packages/a/x.ts": "",
  "packages/b/x.ts": "",
  "packages/c/x.ts": "",
};
const EACH = "for_each: affected";

function pipeline(jobs: string): string {
  return `version: 1\njobs:\n${jobs}`;
}

function needsOf(text: string, given: CaseInput): Readonly<Record<string, readonly string[]>> {
  const { plan } = compiled(text, given);
  return Object.fromEntries(plan.jobs.map(({ key, needs }) => [key, needs.map(({ job }) => job)]));
}

function findings(text: string, given: CaseInput): readonly string[] {
  return compile(caseInput(text, given)).diagnostics.map(({ code, message }) => `${code} ${message}`);
}

describe("an instance of a component", () => {
  test("has its component in the plan, in its expressions and in its environment", () => {
    const text = pipeline(
      `  t: { ${EACH}, name: "\${{ component.id }}", workdir: "\${{ component.root }}", env: { KIND: "\${{ component.kind }}" }, steps: [make] }\n`,
    );
    const { plan } = compiled(text, { files, changed: ["packages/c/x.ts"] });
    expect(plan.jobs).toMatchObject([
      {
        key: "t[component=c]",
        job: "t",
        name: "c",
        component: { id: "c", root: "packages/c" },
        workdir: "packages/c",
        env: { KIND: "npm", DELTA_COMPONENT_ID: "c", DELTA_COMPONENT_ROOT: "packages/c" },
      },
    ]);
  });

  test("carries the chain of dependencies that made it run", () => {
    const { plan } = compiled(pipeline(`  t: { ${EACH}, steps: [make] }\n`), {
      files,
      changed: ["packages/b/x.ts"],
    });
    const decision = plan.decisions.find(({ key }) => key === "t[component=a]");
    expect(decision).toMatchObject({ outcome: "selected", clause: "components", required: true });
    expect(decision?.chain).toMatchObject([
      { from: "packages/a", to: "packages/b", place: { file: "packages/a/package.json", line: 1 } },
    ]);
  });

  test("may not paste its component into a script", () => {
    const text = pipeline(`  t: { ${EACH}, steps: ["make -C \${{ component.root }}"] }\n`);
    expect(findings(text, { files })).toEqual([expect.stringMatching(/^DC1306 `component.root`/)]);
  });

  test("does not exist for a component that is gone", () => {
    const base = { "packages/d/package.json": '{"name":"d"}' };
    const changed = [{ status: "D" as const, path: "packages/d/package.json" }];
    expect(running(pipeline(`  t: { ${EACH}, steps: [make] }\n`), { files, base, changed })).not.toContain(
      "t[component=d]",
    );
  });
});

describe("needs between instances", () => {
  const given: CaseInput = { files, changed: ["packages/b/x.ts", "packages/c/x.ts"] };

  test("lead to the same component, and from any other job to all of them", () => {
    const text = pipeline(
      `  build: { ${EACH}, steps: [make] }\n  test: { ${EACH}, components: [a, c], needs: build, steps: [make] }\n  end: { needs: [build, test], steps: [make] }\n`,
    );
    expect(needsOf(text, given)).toMatchObject({
      "test[component=a]": ["build[component=a]"],
      "test[component=c]": ["build[component=c]"],
      end: [
        "build[component=a]",
        "build[component=b]",
        "build[component=c]",
        "test[component=a]",
        "test[component=c]",
      ],
    });
  });

  test("lead to every cell of the same component", () => {
    const text = pipeline(
      `  build: { ${EACH}, components: c, parallel: 2, steps: [make] }\n  test: { ${EACH}, components: c, needs: build, steps: [make] }\n`,
    );
    expect(needsOf(text, given)["test[component=c]"]).toEqual([
      "build[component=c,parallel=1]",
      "build[component=c,parallel=2]",
    ]);
  });

  test("wait for every component under `finally`, written out or not", () => {
    const text = `${pipeline(`  a: { ${EACH}, steps: [make] }\n  b: { ${EACH}, components: c, steps: [make] }\n`)}finally:\n  end: { ${EACH}, components: c, needs: [{ job: a, when: done }], steps: [make] }\n`;
    expect(needsOf(text, given)["end[component=c]"]).toEqual([
      "a[component=a]",
      "a[component=b]",
      "a[component=c]",
      "b[component=c]",
    ]);
  });

  test("on a job that has no instance do not hold anything up", () => {
    const text = pipeline(
      `  t: { ${EACH}, components: c, steps: [make] }\n  after: { needs: t, steps: [make] }\n`,
    );
    const { plan } = compiled(text, { files, changed: ["packages/b/x.ts"] });
    expect(plan.decisions.map(({ key, outcome, clause }) => [key, outcome, clause])).toEqual([
      ["t", "skipped", "components"],
      ["after", "selected", "always"],
    ]);
    expect(plan.jobs).toMatchObject([{ key: "after", needs: [] }]);
  });

  test("on an instance that a rule leaves out block the instance of the same component alone", () => {
    const text = pipeline(
      `  build: { ${EACH}, if: "component.id != 'b'", steps: [make] }\n  test: { ${EACH}, needs: build, steps: [make] }\n`,
    );
    const { plan } = compiled(text, given);
    const blocked = plan.decisions.filter(({ outcome }) => outcome === "blocked").map(({ key }) => key);
    expect(blocked).toEqual(["test[component=b]"]);
  });
});

describe("what is not right is said", () => {
  test("`changes` and an axis called component conflict with it", () => {
    const text = pipeline(
      `  t: { ${EACH}, changes: "a/**", matrix: { axes: { component: [1] }, include: [{ component: 2 }] }, steps: [make] }\n`,
    );
    expect(findings(text, { files }).map((found) => found.slice(0, 6))).toEqual([
      "DC1111",
      "DC1111",
      "DC1111",
    ]);
  });

  test("`component` means nothing outside of it, and a glob of components neither", () => {
    const text = pipeline(
      '  t: { if: "component.id == \'a\'", steps: [make] }\n  u: { components: "*", steps: [make] }\n',
    );
    expect(findings(text, { files }).map((found) => found.slice(0, 6))).toEqual(["DC1302", "DC1107"]);
  });

  test("more instances than a plan may hold are an error that names the way out", () => {
    const many: Record<string, string> = { "package.json": '{"private":true,"workspaces":["p/*"]}' };
    for (let index = 0; index < 501; index += 1) many[`p/${index}/package.json`] = `{"name":"p${index}"}`;
    const text = pipeline(`  t: { ${EACH}, parallel: 2, steps: [make] }\n`);
    const found = findings(text, { files: many, changed: null });
    expect(found).toEqual([
      expect.stringMatching(
        /^DC1205 With `t` the plan has more than 1000 jobs.*narrow them by `components`; operators can raise/,
      ),
    ]);
    const narrowed = pipeline(`  t: { ${EACH}, parallel: 2, components: "p1*", steps: [make] }\n`);
    expect(running(narrowed, { files: many, changed: null })).toHaveLength(222);
  });

  test("more needs than a plan may hold are an error", () => {
    const many: Record<string, string> = { "package.json": '{"private":true,"workspaces":["p/*"]}' };
    for (let index = 0; index < 110; index += 1) many[`p/${index}/package.json`] = `{"name":"p${index}"}`;
    const text = pipeline(
      `  a: { ${EACH}, components: "p*", steps: [make] }\n  b: { parallel: 100, needs: a, steps: [make] }\n`,
    );
    expect(findings(text, { files: many, changed: null })).toEqual([expect.stringContaining("10000 needs")]);
  });

  test("a manifest that cannot be read is named where no component is affected", () => {
    const text = pipeline(`  t: { ${EACH}, components: gone, steps: [make] }\n`);
    const broken = { ...files, "packages/b/package.json": "{" };
    const { plan } = compiled(text, { files: broken, changed: ["packages/c/x.ts"] });
    expect(plan.decisions).toMatchObject([
      { key: "t", outcome: "skipped", uncertain: ["manifest_unreadable"] },
    ]);
  });
});

describe("why-not", () => {
  const text = pipeline(`  t: { ${EACH}, steps: [make] }\n`);

  test("finds the change that gives a job its first instance", () => {
    const answer = whyNot(caseInput(text, { files, changed: [] }), "t");
    expect(answer).toMatchObject({
      runs: false,
      wouldRunIf: [expect.stringMatching(/^`packages\/.*` changed$/)],
    });
  });

  test("finds the change that gives a component its instance", () => {
    const answer = whyNot(caseInput(text, { files, changed: ["packages/b/x.ts"] }), "t[component=c]");
    expect(answer).toMatchObject({
      decisions: [{ key: "t[component=c]", because: "nothing that changed affects `c`" }],
      runs: false,
      wouldRunIf: ["`packages/c/x.ts` changed"],
    });
  });
});

describe("the name of a component in a key", () => {
  const component = (id: string, root: string): Component => ({ id, root, kind: "npm", manifest: null });

  test("is its id, or its root where the id has another meaning as well", () => {
    const components = [
      component("web", "apps/web"),
      component("tool", "x"),
      component("tool", "y"),
      component("z", "w"),
      component("q", "z"),
    ];
    expect([...componentNames(components).values()]).toEqual(["web", "x", "y", "w", "q"]);
  });

  test("cannot end the key, and stays apart from every other one", () => {
    const roots = [
      "a,node=1",
      "a%2Cnode%3D1",
      "a]",
      "a b",
      "a\udcff",
      "a%FF",
      `${"x".repeat(300)}1`,
      `${"x".repeat(300)}2`,
    ];
    const names = [...componentNames(roots.map((root) => component(root, root))).values()];
    expect(new Set(names).size).toBe(roots.length);
    expect(names.filter((name) => /[,[\]=\s]/.test(name) || name.length > 160)).toEqual([]);
    expect(names.slice(0, 5)).toEqual(["a%2Cnode%3D1", "a%252Cnode%253D1", "a%5D", "a%20b", "a%FF"]);
  });
});

describe("an instance that the plan does not have", () => {
  const text = pipeline(`  t: { ${EACH}, components: ["packages/*", "!b"], steps: [make] }\n`);
  const given: CaseInput = { files, changed: ["packages/c/x.ts"] };
  const absent = (key: string) => {
    const input = caseInput(text, given);
    const { plan } = compile(input);
    if (plan === null) throw new Error("no plan");
    return absentInstance(input, plan, key);
  };

  test("whose component is not affected is skipped, and says so", () => {
    expect(absent("t[component=a]")?.decision).toMatchObject({
      key: "t[component=a]",
      outcome: "skipped",
      because: "nothing that changed affects `a`",
      place: { file: ".delta/pipeline.yaml", line: 3 },
    });
  });

  test("whose component the job leaves out says that", () => {
    expect(absent("t[component=b]")?.decision).toMatchObject({
      because: "the job's `components` leave out `b`",
    });
  });

  test("whose component does not exist is none, and names the nearest", () => {
    expect(absent("t[component=aa]")).toEqual({
      decision: null,
      because: "`t` has no instance for `aa`: there is no such component; did you mean `a`?",
    });
  });

  test("is nothing for a job that the plan has, and for one that has no components", () => {
    expect(absent("t[component=c]")).toBeNull();
    expect(absent("u[component=c]")).toBeNull();
  });

  test("would run by a change that is named and compiled", () => {
    const input = caseInput(text, given);
    const answer = whyNot(input, "t[component=a]");
    expect(answer?.wouldRunIf).toEqual(["`packages/a/x.ts` changed"]);
    const { changed } = input.changes;
    const more = [...(changed ?? []), { status: "M" as const, path: "packages/a/x.ts" }];
    const { plan } = compile({ ...input, changes: { ...input.changes, changed: more } });
    expect(plan?.jobs.map(({ key }) => key)).toContain("t[component=a]");
    expect(whyNot(input, "t[component=b]")?.wouldRunIf).toEqual([]);
    expect(whyNot(input, "t[component=none]")).toBeNull();
  });
});

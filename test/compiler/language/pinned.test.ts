import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../compiler/catalogue/index.ts";
import {
  compile,
  inputTexts,
  type PinnedFiles,
  pinnedKey,
  type PinnedRequest,
  wantedPinned,
} from "../../../compiler/index.ts";
import { LineIndex } from "../../../compiler/diagnostics/index.ts";
import { caseInput } from "../support/case-input.ts";

const REFERENCE = readFileSync(join(import.meta.dirname, "../../../docs/reference/pipeline.md"), "utf8");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function brought(files: Readonly<Record<string, string>>): PinnedFiles {
  return new Map(
    Object.entries(files).map(([file, text]) => {
      const request = { repo: "team/ci", ref: "v3", file, sha256: sha256(text) };
      return [pinnedKey(request), { request, answer: { bytes: new TextEncoder().encode(text) } }];
    }),
  );
}

function include(file: string, text: string, inputs = ""): string {
  return `include: [{ repo: team/ci, ref: v3, sha256: "${sha256(text)}", file: ${file}${inputs} }]`;
}

const NODE = `version: 1
inputs: { node: { type: number, default: 24 } }
templates:
  node:
    image: node:\${{ inputs.node }}
    steps: [npm ci]
`;
const PIPELINE = `version: 1
${include("node.yaml", NODE, ", inputs: { node: 22 }")}
jobs: { test: { extends: node, +steps: [npm test] } }
`;

describe("a file of another repository", () => {
  test("is taken in, with its inputs, and named among the plan's sources", () => {
    const { plan, diagnostics } = compile({ ...caseInput(PIPELINE), pinned: brought({ "node.yaml": NODE }) });
    expect(diagnostics).toEqual([]);
    expect(plan?.jobs[0]).toMatchObject({
      image: "node:22",
      steps: [{ run: "npm ci" }, { run: "npm test" }],
    });
    const blob = createHash("sha1").update(`blob ${NODE.length}\0${NODE}`).digest("hex");
    expect(plan?.sources[1]).toEqual({
      path: "node.yaml",
      blob,
      from: { repo: "team/ci", ref: "v3", sha256: sha256(NODE) },
    });
  });

  test("has its own places in the plan", () => {
    const input = { ...caseInput(PIPELINE), pinned: brought({ "node.yaml": NODE }) };
    const place = compile(input).plan?.jobs[0]?.steps[0]?.place;
    expect(place).toEqual({ file: "team/ci@v3:node.yaml", line: 6, column: 13 });
    expect(new LineIndex(inputTexts(input)("team/ci@v3:node.yaml") ?? "").lineText(6)).toBe(
      "    steps: [npm ci]",
    );
  });

  test("may include others, which are asked for one round after the other", () => {
    const outer = `version: 1\n${include("node.yaml", NODE)}\n`;
    const pipeline = `version: 1\n${include("outer.yaml", outer)}\njobs: { test: { extends: node } }\n`;
    const { head } = caseInput(pipeline);
    const asked = (files: Readonly<Record<string, string>>): readonly string[] =>
      wantedPinned(head, brought(files)).map((request: PinnedRequest) => request.file);
    expect(asked({})).toEqual(["outer.yaml"]);
    expect(asked({ "outer.yaml": outer })).toEqual(["node.yaml"]);
    expect(asked({ "outer.yaml": outer, "node.yaml": NODE })).toEqual([]);
    const { plan } = compile({
      ...caseInput(pipeline),
      pinned: brought({ "outer.yaml": outer, "node.yaml": NODE }),
    });
    expect(plan?.jobs[0]?.image).toBe("node:24");
  });

  test("is asked for however its key is written, and nothing is where no file has such a key", () => {
    const asked = (pipeline: string): number => wantedPinned(caseInput(pipeline).head, new Map()).length;
    expect(asked(PIPELINE)).toBe(1);
    expect(asked(PIPELINE.replace("repo:", '"\\x72epo":'))).toBe(1);
    expect(asked(PIPELINE.replace("repo:", '"r\\u0065po":'))).toBe(1);
    expect(asked("version: 1\njobs: { test: { steps: [make] } }\n")).toBe(0);
  });

  test("with another digest gives no plan; a stranger is not told the digest that would", () => {
    const request = { repo: "team/ci", ref: "v3", file: "node.yaml", sha256: sha256(NODE) };
    const other = "version: 1\n";
    const pinned = new Map([
      [pinnedKey(request), { request, answer: { bytes: new TextEncoder().encode(other) } }],
    ]);
    const said = (trust: "trusted" | "fork") => {
      const { plan, diagnostics } = compile({ ...caseInput(PIPELINE, { event: { trust } }), pinned });
      expect(plan).toBeNull();
      return diagnostics.find(({ code }) => code === "DC1610")?.message;
    };
    expect(said("trusted")).toContain(sha256(other));
    expect(said("fork")).toContain(sha256(NODE));
    expect(said("fork")).not.toContain(sha256(other));
  });

  test("that a stranger asks for is not told to be missing either", () => {
    const request = { repo: "team/ci", ref: "v3", file: "node.yaml", sha256: sha256(NODE) };
    const answer = { problem: "file_missing", detail: "at `v3` there is no such file" } as const;
    const pinned = new Map([[pinnedKey(request), { request, answer }]]);
    const codes = (trust: "trusted" | "fork") =>
      compile({ ...caseInput(PIPELINE, { event: { trust } }), pinned }).diagnostics[0]?.code;
    expect(codes("trusted")).toBe("DC1613");
    expect(codes("fork")).toBe("DC1610");
  });

  test.each([
    ["ref: v3", 'file: a.yaml, sha256: "SHA"', "DC1102"],
    ['repo: "-uteam/ci"', 'ref: v3, file: a.yaml, sha256: "SHA"', "DC1107"],
    ["repo: team/ci", 'ref: "--upload-pack=id", file: a.yaml, sha256: "SHA"', "DC1107"],
    ["repo: team/ci", 'ref: "main:refs/heads/x", file: a.yaml, sha256: "SHA"', "DC1107"],
    ["repo: team/ci", 'ref: v3, file: ../a.yaml, sha256: "SHA"', "DC1107"],
    ["repo: team/ci", 'ref: v3, file: /etc/passwd, sha256: "SHA"', "DC1107"],
    ["repo: 'ext::sh -c id'", 'ref: v3, file: a.yaml, sha256: "SHA"', "DC1107"],
    ["repo: team/ci", "ref: v3, file: a.yaml, sha256: abc", "DC1107"],
    ["repo: team/ci", "ref: v3, file: a.yaml", "DC1102"],
    ["repo: team/ci, template: npm", 'ref: v3, file: a.yaml, sha256: "SHA"', "DC1111"],
    ["inputs: { a: 1 }", "inputs: {}", "DC1018"],
    ["inputs: { a: 1 }", "", "DC1102"],
  ])("written as %s, %s is refused", (first, rest, code) => {
    const entry = `{ ${[first, rest].filter(Boolean).join(", ")} }`.replace("SHA", "0".repeat(64));
    const input = caseInput(`version: 1\ninclude: [${entry}]\njobs: { a: { steps: [a] } }\n`);
    expect(compile(input).diagnostics.map((found) => found.code)).toContain(code);
    expect(wantedPinned(input.head, new Map()).filter(({ ref }) => ref.startsWith("-"))).toEqual([]);
  });

  test("that is brought for the pipeline before tells which jobs it changed", () => {
    const newer = NODE.replace("npm ci", "npm ci --no-audit");
    const other = "  docs: { changes: docs/**, steps: [make] }\n";
    const of = (text: string) =>
      `version: 1\n${include("node.yaml", text)}\njobs:\n  test: { extends: node, changes: src/** }\n${other}`;
    const input = caseInput(of(newer), {
      changed: [".delta/pipeline.yaml"],
      base: { ".delta/pipeline.yaml": of(NODE) },
    });
    const { plan } = compile({
      ...input,
      pinned: new Map([...brought({ "node.yaml": NODE }), ...brought({ "node.yaml": newer })]),
    });
    expect(plan?.jobs.map(({ key }) => key)).toEqual(["test"]);
  });
});

describe("the catalogue", () => {
  test.each([...CATALOGUE.keys()])(
    "%s compiles without a finding, is a source of the plan and is documented",
    (name) => {
      const text = `version: 1\ninclude: [{ template: ${name} }]\njobs: { test: { extends: ${name}, +steps: [make test] } }\n`;
      const files = { "package-lock.json": "{}", "Cargo.lock": "", "go.sum": "", "requirements.txt": "" };
      const { plan, diagnostics } = compile(caseInput(text, { files }));
      expect(diagnostics).toEqual([]);
      const [job] = plan?.jobs ?? [];
      expect(job?.steps.at(-1)?.run).toBe("make test");
      expect(job?.caches[0]?.key).toMatch(/-[0-9a-f]{64}$/);
      expect(job?.image).toMatch(/^[a-z]+:[0-9]+$/);
      expect(plan?.sources[1]).toMatchObject({ path: name, from: { template: name } });
      expect(REFERENCE).toContain(`| \`${name}\` |`);
    },
  );
});

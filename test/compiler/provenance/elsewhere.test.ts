import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../compiler/catalogue/index.ts";
import { LineIndex } from "../../../compiler/diagnostics/index.ts";
import { PIPELINE_FILE } from "../../../compiler/input.ts";
import { compile, type PinnedRequest, pinnedKey, readPolicy } from "../../../compiler/index.ts";
import { provenanceOf } from "../../../compiler/provenance/index.ts";
import { renderProvenance } from "../../../compiler/render/index.ts";
import { sourceName } from "../../../compiler/pinned.ts";
import { caseInput } from "../support/case-input.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function operators(text: string) {
  const { policy, diagnostics } = readPolicy("limits.yaml", encode(`version: 1\n${text}`));
  expect(diagnostics).toEqual([]);
  return policy;
}

describe("a value that a policy sets", () => {
  const job = "jobs: { a: { steps: [x] } }\n";
  const OWN = "policies:\n  runs: { max_runtime: 2h, cancel_superseded: false }\n  jobs: { timeout: 30m }\n";
  const THEIRS =
    "policies:\n  runs: { max_runtime: 1h, budget: 9h, cancel_superseded: true }\n  jobs: { timeout: 20m, queue_timeout: 2h }\n";

  const only = (path: string, pipeline: string, theirs: string | null = null) => {
    const policy = theirs === null ? null : operators(theirs);
    const [found, ...more] = provenanceOf({ ...caseInput(`version: 1\n${pipeline}`), policy }, path);
    expect(more).toEqual([]);
    return found;
  };

  test("of the repository names its line, where the job would have had more", () => {
    expect(only("a.timeout_ms", OWN + job)).toMatchObject({
      value: 1_800_000,
      set_by: "pipeline",
      place: { file: PIPELINE_FILE, line: 4, column: 20 },
      text: "30m",
      note: "a ceiling below the default of Delta CI",
    });
  });

  test("of the operators names their line, where that is the lower one", () => {
    expect(only("a.timeout_ms", OWN + job, THEIRS)).toMatchObject({
      value: 1_200_000,
      set_by: "operators",
      place: { file: "limits.yaml", line: 4, column: 11 },
      text: null,
      note: "a ceiling below the default of Delta CI",
    });
  });

  test("is no more than the repository's own where that is the lower one", () => {
    expect(only("a.timeout_ms", OWN.replace("30m", "10m") + job, THEIRS)).toMatchObject({
      value: 600_000,
      set_by: "pipeline",
      text: "10m",
    });
  });

  test("is not what a ceiling above the default, or above what the job says, has to do with", () => {
    expect(only("a.queue_timeout_ms", job, THEIRS)).toMatchObject({ value: 3_600_000, set_by: "default" });
    expect(only("a.timeout_ms", `${OWN}jobs: { a: { timeout: 5m, steps: [x] } }\n`)).toMatchObject({
      value: 300_000,
      text: "5m",
      note: null,
    });
  });

  test("for the run as a whole is told for each limit by itself", () => {
    const limits = provenanceOf(
      { ...caseInput(`version: 1\n${OWN}${job}`), policy: operators(THEIRS) },
      "limits",
    );
    expect(
      limits.map(({ path, value, set_by, place }) => [path, value, set_by, place?.line ?? null]),
    ).toEqual([
      ["limits.max_runtime_ms", 3_600_000, "operators", 3],
      ["limits.max_concurrency", null, "default", null],
      ["limits.budget_ms", 32_400_000, "operators", 3],
      ["limits.cancel_superseded", true, "operators", 3],
      ["limits.on_failure", "continue", "default", null],
    ]);
    expect(only("limits.max_runtime_ms", OWN + job)).toMatchObject({ set_by: "pipeline", text: "2h" });
    expect(only("limits.cancel_superseded", OWN + job)).toMatchObject({ set_by: "pipeline", text: "false" });
  });

  test("includes the digest of what the operators say", () => {
    expect(only("policy", job)).toMatchObject({ value: null, set_by: "default" });
    expect(only("policy.digest", job, THEIRS)).toMatchObject({ set_by: "operators", place: null });
  });

  test("is told in words", () => {
    const input = { ...caseInput(`version: 1\n${job}`), policy: operators(THEIRS) };
    expect(renderProvenance(provenanceOf(input, "a.timeout_ms"), { colour: false, full: false })).toBe(
      "a\n  timeout_ms  1200000  limits.yaml:4:11  the operators' policy (a ceiling below the default of Delta CI)\n",
    );
  });
});

describe("a value from elsewhere than the commit", () => {
  const NODE = `version: 1
inputs: { node: { default: "24" } }
templates:
  node: { image: "node:\${{ inputs.node }}", timeout: 7m }
jobs:
  audit: { extends: node, steps: [npm audit] }
`;
  const request: PinnedRequest = {
    repo: "team/ci",
    ref: "v3",
    file: "pipelines/node.yaml",
    sha256: createHash("sha256").update(NODE).digest("hex"),
  };
  const { repo, ref, file, sha256 } = request;
  const PIPELINE = `version: 1
include:
  - { repo: ${repo}, ref: ${ref}, file: ${file}, sha256: ${sha256}, inputs: { node: "22" } }
  - { template: npm, inputs: { node: "20" } }
jobs:
  test: { extends: node, steps: [npm test] }
  pack: { extends: npm, +steps: [npm pack] }
`;
  const input = {
    ...caseInput(PIPELINE),
    pinned: new Map([[pinnedKey(request), { request, answer: { bytes: encode(NODE) } }]]),
  };
  const only = (path: string) => {
    const [found, ...more] = provenanceOf(input, path);
    expect(more).toEqual([]);
    return found;
  };

  test("names the file with its repository, and the include", () => {
    expect(only("audit.steps.0.run")).toMatchObject({
      value: "npm audit",
      place: { file: "team/ci@v3:pipelines/node.yaml", line: 6, column: 35 },
      included: [{ file: PIPELINE_FILE, line: 3 }],
    });
    expect(only("test.image")).toMatchObject({
      value: "node:22",
      text: '"node:${{ inputs.node }}"',
      place: { file: "team/ci@v3:pipelines/node.yaml", line: 4, column: 18 },
      included: [{ file: PIPELINE_FILE, line: 3 }],
      through: [{ kind: "template", name: "node", place: { file: PIPELINE_FILE, line: 6 } }],
      reads: [{ name: "inputs.node", text: '"22"', place: { file: PIPELINE_FILE, line: 3 } }],
    });
  });

  test("names the template of the catalogue, and the include", () => {
    expect(only("pack.image")).toMatchObject({
      value: "node:20",
      place: { file: "template:npm" },
      included: [{ file: PIPELINE_FILE, line: 4 }],
      through: [{ kind: "template", name: "npm", place: { file: PIPELINE_FILE, line: 7 } }],
      reads: [{ name: "inputs.node", text: '"20"', place: { file: PIPELINE_FILE, line: 4 } }],
    });
  });

  test("always stands at its place in one of the plan's sources", () => {
    const { plan } = compile(input);
    const texts = new Map([
      [PIPELINE_FILE, PIPELINE],
      ["team/ci@v3:pipelines/node.yaml", NODE],
      ["template:npm", CATALOGUE.get("npm") ?? ""],
    ]);
    expect(plan?.sources.map(sourceName).toSorted()).toEqual([...texts.keys()].toSorted());
    const placed = provenanceOf(input, null).filter(({ place }) => place !== null);
    expect(new Set(placed.map(({ place }) => place?.file))).toEqual(new Set(texts.keys()));
    for (const { place, text } of placed) {
      const line = new LineIndex(texts.get(place?.file ?? "") ?? "").lineText(place?.line ?? 0);
      expect(line.slice((place?.column ?? 0) - 1)).toContain((text ?? "").split("\n")[0]);
    }
  });
});

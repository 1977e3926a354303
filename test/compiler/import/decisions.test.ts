import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import { type ImportFiles, importPipeline } from "../../../compiler/import/index.ts";
import { caseInput, type CaseInput } from "../support/case-input.ts";
import { PULL_REQUEST } from "./pull-request.ts";

const EVENTS: Readonly<Record<string, CaseInput["event"] & object>> = {
  main: { ref: "refs/heads/main" },
  branch: { ref: "refs/heads/feature" },
  release: { ref: "refs/heads/release/1" },
  tag: { ref: "refs/tags/v1.2.3" },
  odd_tag: { ref: "refs/tags/nightly" },
  request: { kind: "pull_request", ref: "refs/pull/7/head", pull_request: PULL_REQUEST },
  schedule: { kind: "schedule" },
  hand: { kind: "manual" },
};

function files(given: Readonly<Record<string, string>>): ImportFiles {
  return {
    read: (path) => (Object.hasOwn(given, path) ? new TextEncoder().encode(given[path]) : null),
    list: () => Object.keys(given),
  };
}

function imported(kind: "gitlab" | "github", text: string, beside: Readonly<Record<string, string>> = {}) {
  const bytes = new TextEncoder().encode(text);
  return importPipeline(kind, "ci.yml", bytes, { files: files(beside), repository: "shop/api" });
}

/** Keys of the jobs that the pipeline selects for an event. */
function selected(pipeline: string | null, event: string, changed?: readonly string[]): readonly string[] {
  const input = caseInput(pipeline, { event: EVENTS[event] ?? {}, ...(changed ? { changed } : {}) });
  const { plan, diagnostics } = compile(input);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return (plan?.jobs ?? []).map(({ key }) => key).sort();
}

describe("the jobs that GitLab's rules select", () => {
  const text = `
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH =~ /^(main|release\\/.*)$/
      variables: { LEVEL: full }
    - if: $CI_COMMIT_TAG =~ /^v\\d+\\.\\d+\\.\\d+$/
variables: { LEVEL: quick }
.on-main: { rules: [{ if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH }] }
.on-request:
  rules:
    - if: $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == "main"
unit: { script: make test }
docs:
  script: make docs
  rules:
    - !reference [.on-main, rules]
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
      changes: [docs/**/*]
review: { extends: .on-request, script: ./review }
thorough:
  script: ./thorough
  rules: [{ if: $LEVEL == "full" }]
fork: { script: ./fork, rules: [{ if: $CI_PROJECT_PATH != "shop/api" }] }
ship: { script: ./ship, only: [tags] }
`;
  const { pipeline } = imported("gitlab", text);

  test.each([
    ["main", ["docs", "thorough", "unit"]],
    ["release", ["thorough", "unit"]],
    ["branch", []],
    ["tag", ["ship", "unit"]],
    ["odd_tag", []],
    ["request", ["review", "unit"]],
    ["schedule", []],
    ["hand", ["docs", "thorough", "unit"]],
  ])("for %s", (event, jobs) => {
    expect(selected(pipeline, event)).toEqual(jobs);
  });

  test("and a request that changes the paths of a rule", () => {
    expect(selected(pipeline, "request", ["docs/a.md"])).toEqual(["docs", "review", "unit"]);
  });
});

describe("the jobs that GitHub's filters and conditions select", () => {
  const text = `
on:
  push: { branches: [main, "release/**"], tags: ["v[0-9]+.[0-9]+.[0-9]+"], paths-ignore: ["**.md"] }
  pull_request: { paths: [src/**] }
  workflow_dispatch: { inputs: { deploy: { type: boolean, default: true } } }
jobs:
  test: { runs-on: ubuntu-latest, steps: [{ run: make }] }
  main-only: { runs-on: ubuntu-latest, if: github.ref == 'refs/heads/main', steps: [{ run: make }] }
  ours: { runs-on: ubuntu-latest, if: "github.repository == 'shop/api' && github.event_name == 'push'", steps: [{ run: make }] }
  theirs: { runs-on: ubuntu-latest, if: github.repository != 'shop/api', steps: [{ run: make }] }
  by-hand: { runs-on: ubuntu-latest, if: "github.event_name == 'workflow_dispatch' && inputs.deploy", steps: [{ run: make }] }
  call: { uses: ./.github/workflows/called.yml, if: "!github.event.pull_request.draft", with: { level: full } }
  after: { needs: [call, test], if: always(), runs-on: ubuntu-latest, steps: [{ run: make }] }
`;
  const called = `
on: { workflow_call: { inputs: { level: { type: string } } } }
jobs:
  full: { if: inputs.level == 'full', runs-on: ubuntu-latest, steps: [{ run: make }] }
  quick: { if: inputs.level == 'quick', runs-on: ubuntu-latest, steps: [{ run: make }] }
`;
  const { pipeline } = imported("github", text, { ".github/workflows/called.yml": called });
  const always = ["after", "call-full", "test"];

  test.each([
    ["main", ["main-only", "ours", ...always].sort()],
    ["release", ["ours", ...always].sort()],
    ["branch", []],
    ["tag", ["ours", ...always].sort()],
    ["odd_tag", []],
    ["request", always],
    ["schedule", []],
    ["hand", ["by-hand", "main-only", ...always].sort()],
  ])("for %s", (event, jobs) => {
    expect(selected(pipeline, event, ["src/a.ts"])).toEqual(jobs);
  });

  test("and not those of a push or request whose paths the filters leave out", () => {
    expect(selected(pipeline, "main", ["README.md"])).toEqual([]);
    expect(selected(pipeline, "request", ["README.md"])).toEqual([]);
  });

  test("and none of a workflow whose events have no counterpart", () => {
    const { pipeline: none } = imported(
      "github",
      "on: release\njobs: { a: { runs-on: x, steps: [{ run: x }] } }\n",
    );
    for (const event of Object.keys(EVENTS)) expect(selected(none, event)).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";

type Job = Readonly<Record<string, unknown>>;

/** Jobs of the pipeline that a file becomes, and what is told of it. */
function imported(kind: "gitlab" | "github", text: string, beside: Readonly<Record<string, string>> = {}) {
  const encode = (given: string): Uint8Array => new TextEncoder().encode(given);
  const { pipeline, findings, jobs } = importPipeline(kind, "ci.yml", encode(text), {
    files: {
      read: (path) => (Object.hasOwn(beside, path) ? encode(beside[path] ?? "") : null),
      list: () => Object.keys(beside),
    },
  });
  const whole = parse(pipeline ?? "{}") as { readonly jobs: Readonly<Record<string, Job>> };
  return {
    whole,
    of: whole.jobs,
    told: findings.map(({ message, span }) => `${span?.file}: ${message}`),
    jobs,
  };
}

describe("of GitLab", () => {
  test("files of the repository are followed, by name and by glob, and the including file wins", () => {
    const { of, told } = imported(
      "gitlab",
      "include: [/ci/base.yml, { local: 'ci/more/*.yml' }]\nbuild: { extends: .base, script: [make, !reference [.lines, script]] }\n",
      {
        "ci/base.yml": ".base: { image: base, tags: [docker] }\nbuild: { image: other }\n",
        "ci/more/lines.yml": ".lines: { script: [one, two] }\n",
      },
    );
    expect(told).toEqual([]);
    expect(of["build"]).toMatchObject({
      image: "other",
      runner: { labels: ["docker"] },
      steps: ["make\none\ntwo"],
    });
  });

  test("a path that leads out of the repository, and a file of elsewhere, are told", () => {
    const { told } = imported(
      "gitlab",
      "include: [/../../etc/passwd, { project: a/b, file: c.yml }, absent.yml]\na: { script: x }\n",
    );
    expect(told).toHaveLength(3);
    expect(told[1]).toContain("`project`");
  });

  test("tokens are asked for by audience, and secrets of a vault by their name", () => {
    const { of, told } = imported(
      "gitlab",
      "a:\n  script: x\n  id_tokens: { CLOUD: { aud: https://cloud.example } }\n  secrets: { KEY: { vault: team/db/password@kv, file: false } }\n",
    );
    expect(of["a"]).toMatchObject({
      id_tokens: { CLOUD: ["https://cloud.example"] },
      secrets: { KEY: "team/db/password" },
    });
    expect(told).toEqual([expect.stringContaining("as `team/db/password`; the variable holds its value")]);
  });

  test("variables are filled in where texts are made, and told where nothing sets them", () => {
    const { of, told } = imported(
      "gitlab",
      "variables: { BASE: node, IMAGE: '$BASE:24' }\na: { image: '$IMAGE-slim', script: x }\nb: { image: '$NOWHERE', script: x }\n",
    );
    expect(of["a"]?.["image"]).toBe("node:24-slim");
    expect(of["b"]?.["image"]).toBeUndefined();
    expect(told).toEqual([expect.stringContaining("The name of this image")]);
  });

  test("references that would make a list without end are left where they stand, and told", () => {
    const many = `.l: { script: [${"x, ".repeat(3_000)}] }\n`;
    const { told } = imported(
      "gitlab",
      `${many}a: { script: [${"!reference [.l, script], ".repeat(3_000)}] }\n`,
    );
    expect(told.some((line) => line.includes("Nothing stands at") || line.includes("was left out"))).toBe(
      true,
    );
  });

  test("references and variables in a circle end", () => {
    const { told, jobs } = imported(
      "gitlab",
      ".a: !reference [.b]\n.b: !reference [.a]\nc:\n  image: $X\n  script: !reference [.a]\n  variables: { X: $Y, Y: $X }\n",
    );
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["left_out"]);
    expect(told.length).toBeGreaterThan(0);
  });
});

describe("of GitHub", () => {
  test("artifacts go from the job that keeps them to the one that needs it", () => {
    const { of } = imported(
      "github",
      `on: push
jobs:
  build: { runs-on: ubuntu-latest, container: a, steps: [{ run: make }, { uses: actions/upload-artifact@v4, with: { name: dist, path: dist/, if-no-files-found: error, retention-days: 5 } }] }
  test: { needs: build, runs-on: ubuntu-latest, container: a, steps: [{ uses: actions/download-artifact@v4, with: { name: dist } }, { run: make test }] }
`,
    );
    expect(of["build"]?.["artifacts"]).toEqual([
      { name: "dist", path: ["dist/**"], expire: "5d", required: true },
    ]);
    expect(of["test"]).toMatchObject({ checkout: false, needs: [{ job: "build", artifacts: ["dist"] }] });
  });

  test("what a step writes is read by later steps, and by jobs that need it", () => {
    const { of, told } = imported(
      "github",
      `on: push
jobs:
  version:
    runs-on: ubuntu-latest
    container: a
    outputs: { number: "\${{ steps.read.outputs.n }}" }
    steps:
      - { id: read, run: 'echo "n=1" >> "$GITHUB_OUTPUT"' }
      - { run: 'echo \${{ steps.read.outputs.n }}' }
  ship: { needs: version, runs-on: ubuntu-latest, container: a, steps: [{ run: 'echo "\${{ needs.version.outputs.number }}"' }] }
`,
    );
    expect(told).toEqual([]);
    expect(of["version"]).toMatchObject({ outputs: ["number"] });
    expect(JSON.stringify(of["version"]?.["steps"])).toContain("output-read");
    expect(of["ship"]?.["steps"]).toEqual([
      {
        run: 'echo "${NEEDS_VERSION_NUMBER}"',
        env: { NEEDS_VERSION_NUMBER: "${{ needs.version.outputs.number }}" },
      },
    ]);
  });

  test("secrets are asked for by the job, and the forge's own token is told", () => {
    const { of, told } = imported(
      "github",
      "on: push\njobs: { a: { runs-on: ubuntu-latest, container: a, steps: [{ run: x, env: { T: '${{ secrets.TOKEN }}', G: '${{ secrets.GITHUB_TOKEN }}' } }] } }\n",
    );
    expect(of["a"]?.["secrets"]).toEqual({ T: "TOKEN" });
    expect(told).toEqual([expect.stringContaining("no token of the forge")]);
  });

  test("a local action is taken apart, with what it is given", () => {
    const { of, told } = imported(
      "github",
      "on: push\njobs: { a: { runs-on: ubuntu-latest, container: a, steps: [{ uses: ./.github/actions/build, with: { level: full } }] } }\n",
      {
        ".github/actions/build/action.yml":
          "inputs: { level: { default: quick } }\nruns: { using: composite, steps: [{ shell: bash, run: 'make ${{ inputs.level }}' }] }\n",
      },
    );
    expect(told).toEqual([]);
    expect(of["a"]?.["steps"]).toEqual(["make full"]);
  });

  test("a value that every cell includes is an axis, and the matrix keeps its limits", () => {
    const { of } = imported(
      "github",
      "on: push\njobs: { a: { runs-on: ubuntu-latest, container: a, strategy: { fail-fast: false, max-parallel: 2, matrix: { n: [1, 2], include: [{ x: y }] } }, steps: [{ run: 'echo ${{ matrix.n }} ${{ matrix.x }}' }] } }\n",
    );
    expect(of["a"]).toMatchObject({
      matrix: { axes: { n: [1, 2], x: ["y"] }, max: 2 },
      steps: ["echo ${{ matrix.n }} ${{ matrix.x }}"],
    });
  });
});

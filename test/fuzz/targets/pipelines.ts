import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compile, PIPELINE_FILE } from "../../../compiler/index.ts";
import { IMPORT_KINDS, importPipeline } from "../../../compiler/import/index.ts";
import { changeSet } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { testEvent } from "../../support/plans.ts";
import { bytesOf, type FuzzTarget, must, mustBePlaced, textOf } from "../target.ts";

const SAMPLES = join(import.meta.dirname, "..", "..", "compiler", "import", "samples");
const TOKENS = [
  "- ",
  ": ",
  "\n",
  "  ",
  "{",
  "}",
  "[",
  "]",
  "needs: ",
  "if: ",
  "rules:",
  "matrix:",
  "extends: ",
  "<<: *a",
  "${{ ref.name }}",
  "script:",
  "run: ",
  "1h",
  "*",
];
/** As much of a sample as an input may have. */
const SAMPLE_BYTES_MAX = 3_500;
const INCLUDED = ".delta/more.yaml";
const MORE = "version: 1\njobs:\n  more: { steps: [a] }\n";

/** From text to plan: findings lie in their files, and there is a plan exactly when there is no error. */
export const pipelineTarget: FuzzTarget = {
  name: "pipelines",
  seeds: bytesOf(
    "version: 1\nname: a\non: { push: { branches: [main, 'rel/**'] }, schedule: [{ cron: '0 4 * * *' }] }\nvars: { n: 1 }\nenv: { A: b }\njobs:\n  build:\n    image: node:24\n    changes: ['src/**', '!**/*.md']\n    steps:\n      - name: make\n        run: make\n        timeout: 5m\n  test:\n    needs: [build]\n    matrix: { axes: { os: [a, b], n: [1, 2] }, exclude: [{ os: a, n: 2 }] }\n    if: ref.is_default && vars.n == 1\n    retry: { max: 2 }\n    steps: [test]\n",
    `version: 1\ninclude: [${INCLUDED}]\ntemplates:\n  t: { timeout: 10m, env: { X: y } }\ndefaults: { resources: { memory: 1GiB } }\njobs:\n  a: { extends: t, parallel: 2, steps: ['echo $X'], needs: { job: more, when: done } }\nfinally:\n  z: { steps: [z], allow_failure: true }\n`,
    "version: 1\ncomponents:\n  api: { root: api, depends_on: [lib] }\n  lib: { root: lib }\njobs:\n  t:\n    for_each: affected\n    rules: [{ changes: ['api/**'] }, { if: \"event.kind == 'push'\", run: never, reason: no }]\n    steps: [{ run: make, if: 'component.id == ''api''' }]\n",
  ),
  tokens: TOKENS,
  read(input) {
    const head = treeOf({ [PIPELINE_FILE]: input, [INCLUDED]: MORE, "api/a.ts": "", "lib/b.ts": "" });
    const request = { jobs: [], all: false };
    const changes = changeSet([{ status: "M", path: "api/a.ts" }]);
    const result = compile({ head, base: head, changes, event: testEvent(), compilerVersion: "0", request });
    const lengths = new Map([
      [PIPELINE_FILE, textOf(input).length],
      [INCLUDED, MORE.length],
    ]);
    mustBePlaced(result.diagnostics, lengths);
    const failed = result.diagnostics.some(({ severity }) => severity === "error");
    must(
      failed === (result.plan === null),
      failed ? "an error has a plan" : "nothing is wrong and there is no plan",
    );
    return result;
  },
};

/** Other systems' files: what comes of them compiles. */
export const importTargets: readonly FuzzTarget[] = IMPORT_KINDS.map((kind) => ({
  name: `import-${kind}`,
  seeds: readdirSync(SAMPLES)
    .filter((name) => name.endsWith(kind === "gitlab" ? ".gitlab-ci.yml" : ".github.yml"))
    .map((name) => readFileSync(join(SAMPLES, name)).subarray(0, SAMPLE_BYTES_MAX)),
  tokens: TOKENS,
  read(input) {
    const result = importPipeline(kind, "given.yml", input);
    mustBePlaced(result.findings, new Map([["given.yml", textOf(input).length]]));
    must(result.pipeline !== null || result.findings.length > 0, "nothing was read and nothing said");
    if (result.pipeline !== null) mustCompile(result.pipeline);
    return result;
  },
}));

/** Judged here by the compiler alone, not by what the import says of its own text. */
function mustCompile(text: string): void {
  const head = treeOf({ [PIPELINE_FILE]: text });
  const request = { jobs: [], all: true };
  const { diagnostics } = compile({
    head,
    base: head,
    changes: changeSet([]),
    event: testEvent(),
    compilerVersion: "0",
    request,
  });
  const first = diagnostics.find(({ severity }) => severity === "error");
  must(first === undefined, `the pipeline that is made is refused: ${first?.code} ${first?.message}`);
}

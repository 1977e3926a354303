import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  dictionary,
  integer,
  letrec,
  oneof,
  property,
  record,
} from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { IMPORT_KINDS, importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

/** Words of both systems, so that a made file says something often. */
const WORDS = [
  "main",
  "make test",
  "$CI_COMMIT_BRANCH == 'x'",
  "${{ github.ref }}",
  "${{ matrix.n }}",
  "${{ secrets.A }}",
  "always()",
  "github.ref == 'X' || needs.a.result == 'success'",
  "../x",
  "a b/ü",
  "$X/$CI_PROJECT_DIR",
  "1h 30m",
  "actions/checkout@v4",
  "actions/upload-artifact@v4",
  "ubuntu-latest",
  "manual",
  "bash -x {0}",
];
const KEYS = {
  gitlab:
    "stages variables include default workflow rules if when changes script before_script image services cache key paths artifacts reports junit needs job parallel matrix retry environment name resource_group only except extends tags timeout allow_failure a b .c",
  github:
    "on push pull_request branches paths schedule cron inputs env jobs a b needs if runs-on container steps run uses with name id shell path working-directory strategy matrix n include concurrency group environment services outputs timeout-minutes continue-on-error permissions defaults secrets",
};

function files(keys: readonly string[]): Arbitrary<unknown> {
  const { tree } = letrec((tie) => ({
    leaf: oneof(
      constantFrom<unknown>(...WORDS, ...keys),
      integer({ min: -1, max: 400 }),
      boolean(),
      constant(null),
    ),
    tree: oneof(
      { maxDepth: 6 },
      tie("leaf"),
      array(tie("tree"), { maxLength: 3 }),
      dictionary(constantFrom(...keys), tie("tree"), { maxKeys: 5 }),
    ),
  }));
  const job = dictionary(constantFrom(...keys), tree, { maxKeys: 6 });
  const text = constantFrom(...WORDS);
  const step = record({ run: oneof(text, tree), more: job }).map(({ run, more }) => ({ ...more, run }));
  const written = record({ script: oneof(text, tree), steps: array(step, { maxLength: 3 }), more: job });
  const jobs = dictionary(
    constantFrom("a", "b", "c d"),
    written.map(({ script, steps, more }) => ({ script, steps, ...more })),
    { maxKeys: 3 },
  );
  return record({ top: job, on: oneof(constant("push"), tree), jobs }).map(({ top, on, jobs: made }) => ({
    ...top,
    ...made,
    on,
    jobs: made,
  }));
}

test.each(IMPORT_KINDS)(
  "whatever stands in a file of %s, what comes of it compiles, or it is said why not",
  (kind) => {
    let jobs = 0;
    assert(
      property(files(KEYS[kind].split(" ")), (file) => {
        const { pipeline, findings } = importPipeline(
          kind,
          "ci.yml",
          new TextEncoder().encode(stringify(file)),
        );
        if (pipeline === null) expect(findings.some(({ severity }) => severity === "error")).toBe(true);
        const request = { request: { all: true } };
        const { plan, diagnostics } = compile(caseInput(pipeline ?? "version: 1\njobs: {}\n", request));
        expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        jobs += plan?.jobs.length ?? 0;
      }),
      { numRuns: 100, seed: 7 },
    );
    expect(jobs, "made files become jobs often enough to say something").toBeGreaterThan(20);
  },
);

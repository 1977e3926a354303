import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { pinnedKey } from "../../../compiler/index.ts";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { pushEvent } from "../../../schemas/event.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const BROKEN = "version: 1\ntemplates: { node: { stepz: [npm ci] } }\n";
const request = {
  repo: "team/ci",
  ref: "v3",
  file: "node.yaml",
  sha256: createHash("sha256").update(BROKEN).digest("hex"),
};
const PIPELINE = `version: 1
include:
  - { repo: team/ci, ref: v3, sha256: "${request.sha256}", file: node.yaml }
jobs: { test: { extends: node, steps: [npm test] } }
`;

function asked() {
  const repository = new ScratchRepository();
  const head = repository.commit({ ".delta/pipeline.yaml": PIPELINE });
  const event = pushEvent({ ref: "refs/heads/main", head, default_branch: "main" });
  const nothing = { base: null, lastGreen: null, jobs: [], all: false, compilerVersion: "1.2.3" };
  return { repositoryPath: repository.path, event, head, ...nothing };
}

test("a commit that includes a file nobody brought yet is answered with what to bring", async () => {
  const { digest, diagnostics, wanted } = await planCommit(asked());
  expect({ digest, diagnostics, wanted }).toEqual({ digest: null, diagnostics: [], wanted: [request] });
});

test("a finding in a file of another repository is told at the line that includes it", async () => {
  const answer = { bytes: new TextEncoder().encode(BROKEN) };
  const { diagnostics } = await planCommit({
    ...asked(),
    pinned: new Map([[pinnedKey(request), { request, answer }]]),
  });
  expect(diagnostics).toHaveLength(1);
  expect(diagnostics[0]).toMatchObject({
    code: "DC1101",
    message: expect.stringMatching(/^team\/ci@v3:node\.yaml:2:22: Unknown key `stepz`/) as string,
    place: { file: ".delta/pipeline.yaml", line: 3, column: 113 },
  });
});

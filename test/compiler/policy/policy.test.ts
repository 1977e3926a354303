import { describe, expect, test } from "vitest";
import { compile, type OperatorPolicy, readPolicy } from "../../../compiler/index.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function policy(text: string, file = "policy.yaml"): OperatorPolicy {
  const read = readPolicy(file, encode(`version: 1\n${text}`));
  expect(read.diagnostics).toEqual([]);
  if (read.policy === null) throw new Error("a policy without findings is one");
  return read.policy;
}

function compiledWith(pipeline: string, operators: OperatorPolicy | null = null, given: CaseInput = {}) {
  const result = compile({ ...caseInput(`version: 1\n${pipeline}`, given), policy: operators });
  const said = result.diagnostics.map(
    ({ code, message, related }) => [code, message, related.length] as const,
  );
  return { plan: result.plan, digest: result.digest, said };
}

const PINNED = `node:24@sha256:${"0".repeat(64)}`;

describe("ceilings of jobs", () => {
  const past = [
    ["timeout: 1h", "timeout: 2h", "DC1153", "`a` asks for `timeout` 2h; WHO allows at most 1h"],
    [
      "queue_timeout: 5m",
      "queue_timeout: 6m",
      "DC1153",
      "`a` asks for `queue_timeout` 6m; WHO allows at most 5m",
    ],
    ["cpu: 2", "resources: { cpu: 2.5 }", "DC1153", "`a` asks for `resources.cpu` 2.5; WHO allows at most 2"],
    [
      "memory: 1GiB",
      "resources: { memory: 1.5GiB }",
      "DC1153",
      "`a` asks for `resources.memory` 1.5GiB; WHO allows at most 1GiB",
    ],
    [
      "disk: 10GB",
      "resources: { disk: 20GB }",
      "DC1153",
      "`a` asks for `resources.disk` 20GB; WHO allows at most 10GB",
    ],
    [
      "pids: 10",
      "resources: { pids: 11 }",
      "DC1153",
      "`a` asks for `resources.pids` 11; WHO allows at most 10",
    ],
    ["retry: 1", "retry: 2", "DC1153", "`a` asks for `retry` 2; WHO allows at most 1"],
    ["pools: [small]", "runner: large", "DC1154", "`a` asks for `runner.pool` `large`; WHO allows `small`"],
    [
      "isolation: [vm]",
      "runner: { pool: default, isolation: container }",
      "DC1154",
      "`a` asks for `runner.isolation` `container`; WHO allows `vm`",
    ],
    [
      "egress: []",
      "network: { egress: registry }",
      "DC1154",
      "`a` asks for `network.egress` `registry`; WHO allows none",
    ],
    [
      "images: { allow: ['node:*'] }",
      "image: team/node:24",
      "DC1155",
      "`a` asks for the image `team/node:24`; WHO allows `node:*`",
    ],
    [
      "images: { pinned: true }",
      "image: node:24",
      "DC1156",
      "The image `node:24` of `a` may change under its name; WHO asks for `@sha256:` and a digest",
    ],
  ] as const;

  test.each(past)("%s refuses %s, whoever sets it", (ceiling, asks, code, message) => {
    const job = `jobs: { a: { ${asks}, steps: [a] } }`;
    const policies = `policies: { jobs: { ${ceiling} } }`;
    expect(compiledWith(`${policies}\n${job}`).said).toEqual([
      [code, message.replace("WHO", "`policies.jobs`"), 1],
    ]);
    const who = `the operators' policy (policy.yaml:2:${policies.includes("images") ? 31 : 21})`;
    expect(compiledWith(job, policy(policies)).said).toEqual([[code, message.replace("WHO", who), 0]]);
  });

  const within = [
    ["timeout: 1h", "timeout: 1h"],
    ["memory: 1GiB", "resources: { memory: 1GiB }"],
    ["pools: [default]", "retry: 0"],
    ["isolation: [vm]", "retry: 0"],
    ["egress: []", "network: { egress: none }"],
    ["images: { allow: ['node:*'] }", "image: node:24"],
    ["images: { pinned: true }", `image: "${PINNED}"`],
    ["images: { allow: ['node:*'], pinned: true }", "retry: 0"],
  ] as const;

  test.each(within)("%s allows %s", (ceiling, asks) => {
    const text = `policies: { jobs: { ${ceiling} } }\njobs: { a: { ${asks}, steps: [a] } }`;
    expect(compiledWith(text).said).toEqual([]);
  });

  test("a job that says no timeout gets the ceiling where its default would be longer", () => {
    const job = "jobs: { a: { steps: [a] } }";
    const times = (ceilings: string) => {
      const { plan } = compiledWith(`policies: { jobs: { ${ceilings} } }\n${job}`);
      return [plan?.jobs[0]?.timeout_ms, plan?.jobs[0]?.queue_timeout_ms];
    };
    expect(times("timeout: 10m, queue_timeout: 5m")).toEqual([600_000, 300_000]);
    expect(times("timeout: 5h")).toEqual([3_600_000, 3_600_000]);
  });

  test("what a rule sets is held to them as well, at the place of the rule", () => {
    const { said } = compiledWith(
      "policies: { jobs: { timeout: 1h } }\njobs: { a: { rules: [{ if: ref.is_default, set: { timeout: 3h } }], steps: [a] } }",
    );
    expect(said.map(([code]) => code)).toEqual(["DC1153"]);
  });

  test("services are images too", () => {
    const text =
      "policies: { jobs: { images: { pinned: true } } }\njobs: { a: { services: { db: 'postgres:18' }, steps: [a] } }";
    expect(compiledWith(text).said.map(([code]) => code)).toEqual(["DC1156"]);
  });

  test("a job that does not run for this event is held to them as well", () => {
    const text =
      "policies: { jobs: { timeout: 1h } }\njobs: { a: { if: \"ref.kind == 'tag'\", timeout: 2h, steps: [a] } }";
    expect(compiledWith(text).said.map(([code]) => code)).toEqual(["DC1153"]);
  });
});

describe("a repository's policy and the operators'", () => {
  const JOB = "jobs: { a: { steps: [a] } }";

  test("the narrower of the two holds, whichever says it", () => {
    const operators = policy(
      "policies: { runs: { max_runtime: 2h, max_concurrency: 10, budget: 5h, on_failure: continue } }",
    );
    const own =
      "policies: { runs: { max_runtime: 3h, max_concurrency: 4, cancel_superseded: true, on_failure: cancel } }";
    expect(compiledWith(`${own}\n${JOB}`, operators).plan?.limits).toEqual({
      max_runtime_ms: 7_200_000,
      max_concurrency: 4,
      budget_ms: 18_000_000,
      cancel_superseded: true,
      on_failure: "cancel",
    });
  });

  test("a repository cannot take away what the operators ask for", () => {
    const operators = policy("policies: { runs: { cancel_superseded: true, on_failure: cancel } }");
    const own = "policies: { runs: { cancel_superseded: false, on_failure: continue } }";
    expect(compiledWith(`${own}\n${JOB}`, operators).plan?.limits).toMatchObject({
      cancel_superseded: true,
      on_failure: "cancel",
    });
  });

  test("of two ceilings the message names the smaller, of two lists the one that leaves it out", () => {
    const operators = policy("policies: { jobs: { timeout: 1h, pools: [default, large] } }");
    const own = "policies: { jobs: { timeout: 3h, pools: [default] } }";
    const { said } = compiledWith(
      `${own}\njobs: { a: { timeout: 2h, runner: large, steps: [a] } }`,
      operators,
    );
    expect(said.map(([, message]) => message)).toEqual([
      "`a` asks for `timeout` 2h; the operators' policy (policy.yaml:2:21) allows at most 1h",
      "`a` asks for `runner.pool` `large`; `policies.jobs` allows `default`",
    ]);
  });

  test("the plan records the digest of the operators' policy, and says so when there is none", () => {
    const operators = policy("policies: { jobs: { timeout: 2h } }");
    const bound = compiledWith(JOB, operators);
    const free = compiledWith(JOB);
    expect(bound.plan?.policy).toEqual({ digest: operators.digest });
    expect(free.plan?.policy).toBeNull();
    expect(bound.digest).not.toBe(free.digest);
  });

  test("comments, order and file name are no part of the digest, values are", () => {
    const one = policy("policies: { jobs: { timeout: 2h, retry: 1 } }");
    const same = policy("# ours\npolicies:\n  jobs: { retry: 1, timeout: 120m }\n", "other.yaml");
    const other = policy("policies: { jobs: { timeout: 2h, retry: 2 } }");
    expect(same.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
    expect(compiledWith(JOB, same).digest).toBe(compiledWith(JOB, one).digest);
  });

  test.each([
    ["jobs: { a: { steps: [a] } }", "DC1101"],
    ["policies: { jobs: { timeout: soon } }", "DC1108"],
    ["policies: { jobs: { images: { allow: ['['] } } }", "DC1507"],
    ["policies: [", "DC1005"],
  ])("a policy file with %s is refused with %s", (text, code) => {
    const { policy: none, diagnostics } = readPolicy("policy.yaml", encode(`version: 1\n${text}`));
    expect(none).toBeNull();
    expect(diagnostics.map((found) => found.code)).toContain(code);
  });
});

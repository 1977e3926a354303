import { describe, expect, test } from "vitest";
import { compile, whyNot } from "../../../compiler/index.ts";
import { renderExplain } from "../../../compiler/render/explain-text.ts";
import type { Decision } from "../../../schemas/plan.ts";
import { BASE, caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";

const PIPELINE = `
version: 1
jobs:
  build: { changes: "src/**", steps: [make] }
  deploy: { needs: build, secrets: { TOKEN: shop/deploy }, steps: [./deploy] }
  sign: { id_tokens: { CLOUD: cloud.example }, steps: [./sign] }
  after: { needs: deploy, steps: [./after] }
  report: { needs: [{ job: deploy, when: done }], env: { HOW: "\${{ needs.deploy.result }}" }, steps: [./report] }
  skipped: { if: event.trust == 'trusted', secrets: [TOKEN], steps: [./deploy] }
`;

function decisions(trust: "fork" | "trusted"): ReadonlyMap<string, Decision> {
  const { plan } = compiled(PIPELINE, { event: { trust }, changed: ["README.md"] });
  return new Map(plan.decisions.map((decision) => [decision.key, decision]));
}

describe("a run from a fork", () => {
  test("blocks a job that asks for a secret, and says which", () => {
    expect(decisions("fork").get("deploy")).toMatchObject({
      outcome: "blocked",
      clause: "trust",
      because: "it asks for the secret `shop/deploy`, and runs from forks get no secrets",
      place: { file: ".delta/pipeline.yaml", line: 5 },
    });
  });

  test("blocks a job that asks for an identity token", () => {
    expect(decisions("fork").get("sign")).toMatchObject({
      outcome: "blocked",
      clause: "trust",
      because: "it asks for the identity token `CLOUD`, and runs from forks get none",
    });
  });

  test("treats what needs such a job as any other need, and pulls nothing in for it", () => {
    const found = decisions("fork");
    expect(found.get("after")).toMatchObject({
      outcome: "blocked",
      clause: "needs",
      because:
        "it needs `deploy`, which is blocked: it asks for the secret `shop/deploy`, and runs from forks get no secrets",
    });
    expect(found.get("report")?.outcome).toBe("selected");
    expect(found.get("build")?.outcome).toBe("skipped");
    expect(found.get("skipped")).toMatchObject({ outcome: "skipped", clause: "if" });
  });

  test("puts nothing into the plan in place of what is withheld", () => {
    const { plan, canonical } = compiled(PIPELINE, { event: { trust: "fork" } });
    expect(plan.jobs.map(({ key }) => key)).toEqual(["report"]);
    expect(plan.jobs[0]?.env).toEqual({ HOW: "blocked" });
    expect(canonical).not.toContain('"TOKEN"');
  });

  test("is explained with the place that asks", () => {
    const { plan } = compiled(PIPELINE, { event: { trust: "fork" } });
    const text = renderExplain(plan, "deploy", { colour: false }) ?? "";
    expect(text).toContain("it asks for the secret `shop/deploy`, and runs from forks get no secrets");
    expect(text).toMatch(/decided by +trust, \.delta\/pipeline\.yaml:5:38/);
  });

  test("holds for a job that was asked for by name", () => {
    const { plan } = compiled(PIPELINE, { event: { trust: "fork" }, request: { jobs: ["deploy"] } });
    expect(plan.decisions.find(({ key }) => key === "deploy")?.clause).toBe("trust");
  });

  test("tells which events would run such a job", () => {
    const fork = {
      number: 1,
      action: "opened",
      target_ref: "refs/heads/main",
      target_sha: BASE,
      source_ref: "refs/heads/change",
      from_fork: true,
      draft: false,
    };
    const event = {
      kind: "pull_request",
      ref: "refs/pull/1/head",
      trust: "fork",
      pull_request: fork,
    } as const;
    expect(whyNot(caseInput(PIPELINE, { event }), "deploy")?.wouldRunIf).toEqual([
      "it were a push to the branch `main`",
      "it were a pull request (`opened`) into `main` from a branch of this repository",
      "it were a push of the tag `v1.0.0`",
      "a person started it",
      "it were started by API",
    ]);
  });

  test("never reads a secret in an expression", () => {
    const text = 'version: 1\njobs: { a: { env: { T: "${{ secrets.X }}" }, steps: [a] } }';
    const { plan, diagnostics } = compile(caseInput(text, { event: { trust: "fork" } }));
    expect(plan).toBeNull();
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC1121"]);
  });
});

test("a trusted run gives the job its secrets", () => {
  const found = decisions("trusted");
  expect(found.get("deploy")).toMatchObject({ outcome: "selected", clause: "always" });
  expect(found.get("build")?.outcome).toBe("selected");
});

import { describe, expect, test } from "vitest";
import type { PipelineEvent } from "../../../schemas/event.ts";
import { loadText, PIPELINE, pushToMain, renderFindings } from "./load-text.ts";

const TEXT = `version: 1
inputs:
  stage: { options: [test, production], default: test }
on:
  push:
  api:
  manual:
    inputs:
      stage: { default: production }
      reason: { description: Why }
      force: { type: boolean, default: false }
jobs:
  deploy: { env: { WHY: "\${{ inputs.reason ?? 'none' }}", STAGE: "\${{ inputs.stage }}" }, steps: [./deploy] }
`;

function started(kind: PipelineEvent["kind"], inputs: PipelineEvent["inputs"] = {}) {
  const { model, diagnostics } = loadText(TEXT, { ...pushToMain, kind, inputs });
  return {
    inputs: model === null ? null : Object.fromEntries(model.inputs),
    findings: renderFindings(diagnostics, { [PIPELINE]: TEXT }),
  };
}

describe("`on.manual.inputs`", () => {
  test("are merged over `inputs` when a person starts the pipeline", () => {
    expect(started("manual", { reason: "drill" })).toEqual({
      inputs: { stage: "production", reason: "drill", force: false },
      findings: "",
    });
  });

  test("have their defaults, or null, for every other event", () => {
    const others = { stage: "test", reason: null, force: false };
    expect(started("push")).toEqual({ inputs: others, findings: "" });
    expect(started("api", { stage: "test" })).toEqual({ inputs: others, findings: "" });
  });

  test("that are missing are told where they are declared", () => {
    const { findings } = started("manual");
    expect(findings).toContain(".delta/pipeline.yaml:10:7-10:13 error DC1607 input.missing");
  });

  test("of the wrong type are told where they are declared", () => {
    const { findings } = started("manual", { reason: "drill", force: "yes" });
    expect(findings).toContain(
      ".delta/pipeline.yaml:11:7-11:12 error DC1609 input.type: The input `force` is a boolean, not the string `yes`",
    );
  });

  test("that nobody declares are told where the inputs are, with the name that was meant", () => {
    const { findings } = started("manual", { reson: "drill", reason: "drill" });
    expect(findings).toContain(
      ".delta/pipeline.yaml:8:5-8:11 error DC1608 input.unknown: There is no input `reson`; did you mean `reason`?",
    );
  });

  test("are not for the API", () => {
    expect(started("api", { force: true }).findings).toContain("DC1608 input.unknown");
  });
});

import { expect } from "vitest";
import { compile } from "../../../compiler/index.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { type CaseInput, caseInput } from "./case-input.ts";

/** The plan of a pipeline that has no errors, with its digest. */
export function compiled(
  pipeline: string,
  given: CaseInput = {},
): { readonly plan: Plan; readonly digest: string; readonly canonical: string } {
  const { plan, digest, canonical, diagnostics } = compile(caseInput(pipeline, given));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (plan === null || digest === null || canonical === null) throw new Error("no plan and no error");
  return { plan, digest, canonical };
}

/** Keys of the jobs that run, in the plan's order. */
export function running(pipeline: string, given: CaseInput = {}): readonly string[] {
  return compiled(pipeline, given).plan.jobs.map(({ key }) => key);
}

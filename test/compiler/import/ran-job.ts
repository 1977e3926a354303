import { expect } from "vitest";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import type { RunnerWorld } from "../../support/runner-world.ts";
import { caseInput } from "../support/case-input.ts";

/** What an imported job prints, by step, and how it ended in our own runner. Its steps are GitHub's, as YAML. */
export async function ranJob(world: RunnerWorld, shell: readonly string[], steps: string, more = "") {
  const text = `on: push\njobs:\n  a:\n    container: a\n${more}    steps:\n${steps.replaceAll(/^/gm, "      ")}\n`;
  const { pipeline, findings } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  expect(findings.filter(({ code }) => code === "DC1801")).toEqual([]);
  const [job] = compile(caseInput(pipeline)).plan?.jobs ?? [];
  if (job === undefined) throw new Error(`no plan comes of ${pipeline ?? "nothing"}`);
  const { plane, runner } = await world.run({
    steps: job.steps.map(({ name, run, env, always, continue_on_error }) => ({
      name,
      run,
      env,
      always,
      continue_on_error,
    })),
    spec: { shell: [...shell], env: job.env, outputs: [...job.outputs] },
  });
  await runner.ended;
  const printed = job.steps.map((_, index) => plane.log(index + 1).replaceAll("\r", ""));
  return { printed, outcome: plane.complete?.outcome, outputs: plane.complete?.outputs };
}

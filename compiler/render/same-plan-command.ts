import type { Plan } from "../../schemas/plan.ts";
import { eventFlags } from "../event-flags.ts";
import { shellCommand } from "./shell-command.ts";

/** The command that makes the same plan again on any machine that has the commits, as a line for a shell. */
export function samePlanCommand(plan: Plan, ...words: readonly string[]): string {
  const { event, changes } = plan;
  return shellCommand([
    "delta",
    ...words,
    ...eventFlags(event),
    ...baseFlags(changes),
    ...missingFlags(changes),
  ]);
}

/** A base that the commits alone do not give: somebody named it, or only a control plane knows which run was green. */
function baseFlags({ rule, base, ladder }: Plan["changes"]): readonly string[] {
  const lost = ladder.find((rung) => rung.rule === "last_green")?.missing;
  if (lost !== undefined) return ["--base", lost, "--base-rule", "last_green"];
  if (base === null) return [];
  if (rule === "explicit") return ["--base", base];
  return rule === "last_green" ? ["--base", base, "--base-rule", rule] : [];
}

/** A commit that the server could not have any more may well be on the machine where the command is run. */
function missingFlags({ ladder }: Plan["changes"]): readonly string[] {
  return ladder.flatMap(({ missing }) => (missing === undefined ? [] : ["--missing-commit", missing]));
}

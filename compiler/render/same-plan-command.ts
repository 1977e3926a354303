import type { Plan } from "../../schemas/plan.ts";
import { eventFlags } from "../event-flags.ts";
import { shellCommand } from "./shell-command.ts";

/** The command that makes the same plan again on any machine that has the commits, as a line for a shell. */
export function samePlanCommand(plan: Plan, ...words: readonly string[]): string {
  return shellCommand(["delta", ...words, ...eventFlags(plan.event), ...baseFlags(plan.changes)]);
}

/** A base that the commits alone do not give: somebody named it, or only a control plane knows which run was green. */
function baseFlags({ rule, base }: Plan["changes"]): readonly string[] {
  if (base === null) return [];
  if (rule === "explicit") return ["--base", base];
  return rule === "last_green" ? ["--base", base, "--base-rule", rule] : [];
}

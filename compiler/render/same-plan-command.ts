import type { Plan } from "../../schemas/plan.ts";
import { eventFlags } from "../event-flags.ts";
import { shellCommand } from "./shell-command.ts";

/** The command that makes the same plan again on any machine that has the commits, as a line for a shell. */
export function samePlanCommand(plan: Plan, ...words: readonly string[]): string {
  const { rule, base } = plan.changes;
  const explicit = rule === "explicit" && base !== null ? ["--base", base] : [];
  return shellCommand(["delta", ...words, ...eventFlags(plan.event), ...explicit]);
}

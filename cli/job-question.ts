import { string } from "@oclif/core/args";
import { type GivenBaseRule, baseRuleFlag } from "./base-rule-flag.ts";
import { type ChangeFlags, changeFlags } from "./change-flags.ts";
import type { CompileRequest } from "./compile-here.ts";
import { eventFlags, eventOf } from "./event-flag-definitions.ts";
import { limitFlags, limitsOf } from "./limit-flags.ts";
import { policyFlag, policyOf } from "./policy-flag.ts";

/** What a command takes that asks about one job of one change: that job, and what names the change. */
export const questionArgs = {
  job: string({ required: true, description: "Id of the job, or the key of one of its matrix cells." }),
};
export const questionFlags = {
  ...changeFlags,
  ...baseRuleFlag,
  ...limitFlags,
  ...policyFlag,
  ...eventFlags,
};

interface QuestionFlags extends ChangeFlags {
  readonly "base-rule"?: GivenBaseRule | undefined;
  readonly "missing-commit"?: readonly string[] | undefined;
  readonly "max-jobs": number;
  readonly policy?: string | undefined;
}

/** The change that the flags name. Throws `usage` and what a policy's file may throw. */
export async function questionOf(flags: QuestionFlags): Promise<Omit<CompileRequest, "jobs" | "all">> {
  const event = eventOf({ ...flags });
  const { base, worktree } = flags;
  return {
    base,
    baseRule: flags["base-rule"],
    missing: flags["missing-commit"],
    worktree,
    head: event?.head ?? flags.head,
    event,
    limits: limitsOf(flags),
    policy: await policyOf(flags),
  };
}

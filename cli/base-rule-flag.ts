import { option } from "@oclif/core/flags";

/** Rules of the base ladder that only a control plane can follow; what it found is then given by hand. */
export const GIVEN_BASE_RULES = ["last_green"] as const;
export type GivenBaseRule = (typeof GIVEN_BASE_RULES)[number];

export const baseRuleFlag = {
  "base-rule": option({
    options: GIVEN_BASE_RULES,
    summary: "Rule by which the control plane found the commit that --base names; the plan records it.",
    dependsOn: ["base"],
  })(),
};

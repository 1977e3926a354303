import { option, string } from "@oclif/core/flags";
import { CliFailure } from "./failure.ts";

/** Rules of the base ladder that only a control plane can follow; what it found is then given by hand. */
export const GIVEN_BASE_RULES = ["last_green"] as const;
export type GivenBaseRule = (typeof GIVEN_BASE_RULES)[number];

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** What a printed command says of the base beyond its name, so that it makes the same plan anywhere. */
export const baseRuleFlag = {
  "base-rule": option({
    options: GIVEN_BASE_RULES,
    summary: "Rule by which the control plane found the commit that --base names; the plan records it.",
    dependsOn: ["base"],
  })(),
  "missing-commit": string({
    summary: "Full id of a commit that the control plane could not have; it is taken not to be here either.",
    helpValue: "COMMIT",
    multiple: true,
    multipleNonGreedy: true,
    parse: (id) =>
      COMMIT.test(id)
        ? Promise.resolve(id)
        : Promise.reject(
            new CliFailure(
              "usage",
              `--missing-commit ${id} is no full commit id: 40 or 64 hexadecimal digits`,
            ),
          ),
  }),
};

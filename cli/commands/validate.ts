import { string } from "@oclif/core/args";
import { boolean, option } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { DIAGNOSTIC_FORMATS } from "../diagnostic-formats.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";

export class Validate extends DeltaCommand {
  static override summary = "Check the pipeline, as it is in the working tree, and point at what is wrong.";
  static override description =
    "Reads .delta/ from the working tree, or the files and folders that are named: a folder stands for the pipeline in its .delta/, or else for every YAML file below it. All findings are one answer. Ends with 1 when there are errors.";
  static override examples = [
    "<%= config.bin %> validate",
    "<%= config.bin %> validate --fix",
    "<%= config.bin %> validate --format sarif > delta.sarif",
    "<%= config.bin %> validate services/a services/b pipelines/*.yaml",
    "cat pipeline.yaml | <%= config.bin %> validate -",
  ];
  static override strict = false;
  static override args = {
    files: string({
      description: "Files and folders to check in place of .delta/pipeline.yaml; `-` is standard input.",
    }),
  };
  static override flags = {
    format: option({
      options: DIAGNOSTIC_FORMATS,
      default: "human",
      summary: "How to print what was found.",
    })(),
    fix: boolean({ default: false, summary: "Apply the fixes that are certain, then check again." }),
    ...limitFlags,
    ...policyFlag,
  };

  override jsonEnabled(): boolean {
    return false;
  }

  async run(): Promise<JsonAnswer> {
    const { argv, flags } = await this.parse(Validate);
    const { validateHere } = await import("../validate.ts");
    const format = super.jsonEnabled() ? "json" : flags.format;
    await validateHere({
      files: argv.map(String),
      fix: flags.fix,
      format,
      limits: limitsOf(flags),
      policy: await policyOf(flags),
    });
    return { version: 1 };
  }
}

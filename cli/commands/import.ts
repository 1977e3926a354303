import { string } from "@oclif/core/args";
import { boolean, string as text } from "@oclif/core/flags";
import { IMPORT_KINDS } from "../../compiler/import/kinds.ts";
import { DeltaCommand } from "../base-command.ts";
import type { ImportAnswer } from "../import.ts";

export class Import extends DeltaCommand {
  static override summary =
    "Convert a GitLab CI file or a GitHub workflow, and list what has no counterpart.";
  static override description =
    "Prints a pipeline on standard output, or writes it to the file that --out names. What was left out or means something\n" +
    "else is listed on standard error with its place. Where a condition cannot be converted, the job does not run.\n" +
    "Files that it includes or calls are followed when they are in the same repository.\n" +
    "What is printed compiles. Ends with 1 when anything but a note is listed. FILE may be `-` for standard input.";
  static override examples = [
    "<%= config.bin %> import gitlab .gitlab-ci.yml",
    "<%= config.bin %> import github .github/workflows/ci.yml --out .delta/pipeline.yaml",
  ];
  static override args = {
    system: string({ description: "What FILE was written for.", options: [...IMPORT_KINDS], required: true }),
    file: string({ description: "File to convert; `-` is standard input.", required: true }),
  };
  static override flags = {
    repository: text({
      summary: "The repository, for conditions that ask for it; without it they are left out.",
      helpValue: "OWNER/NAME",
    }),
    root: text({
      summary: "Folder that included files are read from; the default is the repository that FILE is in.",
      helpValue: "PATH",
    }),
    out: text({ summary: "Write the pipeline to this file.", helpValue: "PATH" }),
    force: boolean({ default: false, summary: "Replace the file of --out when it exists." }),
  };

  async run(): Promise<ImportAnswer> {
    const { args, flags } = await this.parse(Import);
    const { importHere } = await import("../import.ts");
    return importHere(
      {
        system: args.system,
        file: args.file,
        root: flags.root ?? null,
        repository: flags.repository ?? null,
        out: flags.out ?? null,
        force: flags.force,
      },
      this.jsonEnabled(),
    );
  }
}

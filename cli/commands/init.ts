import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { boolean } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { CliFailure } from "../failure.ts";
import { fileFault } from "../file-fault.ts";
import { writeData, writeTalk } from "../output.ts";

export class Init extends DeltaCommand {
  static override summary = "Look at the repository and write a first pipeline for what it finds.";
  static override description =
    "Finds npm, pnpm and yarn packages, Cargo crates and Go modules, and writes .delta/pipeline.yaml with a job for\n" +
    "each check they already have. An existing file is left alone unless --force is given.";
  static override examples = ["<%= config.bin %> init", "<%= config.bin %> init --print"];
  static override flags = {
    force: boolean({ default: false, summary: "Replace an existing pipeline." }),
    print: boolean({ default: false, summary: "Print the pipeline and write nothing." }),
  };

  async run(): Promise<
    JsonAnswer & { path: string; written: boolean; found: readonly string[]; pipeline: string }
  > {
    const { flags } = await this.parse(Init);
    const [{ workTreeHere }, { readHere }, { detect }, { pipelineText }, { PIPELINE_FILE }] =
      await Promise.all([
        import("../repository.ts"),
        import("../init/here.ts"),
        import("../init/detect.ts"),
        import("../init/pipeline-text.ts"),
        import("../../compiler/input.ts"),
      ]);
    const root = await workTreeHere();
    const here = await readHere();
    const found = detect(here);
    const pipeline = pipelineText(found, basename(root), here.paths);
    if (flags.print) {
      if (!this.jsonEnabled()) writeData(pipeline);
    } else {
      const path = join(root, PIPELINE_FILE);
      await mkdir(join(root, ".delta"), { recursive: true }).catch((error: unknown) =>
        this.refuse(path, error),
      );
      await writeFile(path, pipeline, { flag: flags.force ? "w" : "wx" }).catch((error: unknown) =>
        this.refuse(path, error),
      );
      if (!this.jsonEnabled()) {
        const what =
          found.ecosystems.length === 0
            ? "nothing it knows, so one job to start from"
            : found.ecosystems.join(", ");
        writeData(`wrote ${PIPELINE_FILE} (found ${what})`);
        writeTalk("Next: `delta validate`, commit the file, then `delta plan`.");
      }
    }
    return { version: 1, path: PIPELINE_FILE, written: !flags.print, found: found.ecosystems, pipeline };
  }

  private refuse(path: string, error: unknown): never {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new CliFailure(
        "file_exists",
        `${path} exists already`,
        "--force replaces it, --print shows what would be written.",
      );
    }
    throw new CliFailure("file_unreadable", `cannot write ${path}: ${fileFault(error)}`, null, error);
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { CliFailure } from "../failure.ts";
import { writeData } from "../output.ts";

export class Schema extends DeltaCommand {
  static override summary = "Print the JSON Schema of the pipeline language, for editors.";
  static override description =
    "The schema is printed as it is, with and without --json. In an editor with a YAML language server, point\n" +
    "`# yaml-language-server: $schema=...` on the first line of a pipeline at a copy of it.";
  static override examples = ["<%= config.bin %> schema > pipeline.schema.json"];

  /** What it prints is JSON already. */
  override jsonEnabled(): boolean {
    return false;
  }

  async run(): Promise<JsonAnswer> {
    const path = join(this.config.root, "schemas", "pipeline.schema.json");
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      throw new CliFailure(
        "file_unreadable",
        `cannot read ${path}`,
        "The installation is incomplete.",
        error,
      );
    }
    writeData(text);
    return { version: 1 };
  }
}

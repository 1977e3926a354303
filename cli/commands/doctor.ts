import { integer } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { findingLine, type Finding } from "../doctor/finding.ts";
import { EXIT } from "../exit-codes.ts";
import { writeData } from "../output.ts";
import { serverFlags } from "../server-flags.ts";

/** Characters of the longest name of a check, and two. */
const COLUMN = 14;

export class Doctor extends DeltaCommand {
  static override summary = "Check what Delta CI needs here, and say what to do about what is missing.";
  static override description = "Ends with 1 when something is bad. Notes change nothing.";
  static override flags = {
    ...serverFlags,
    port: integer({ summary: "The port that `delta up` would use.", min: 1, max: 65_535 }),
  };

  async run(): Promise<JsonAnswer & { findings: readonly Finding[] }> {
    const { flags } = await this.parse(Doctor);
    const { diagnose } = await import("../doctor/diagnose.ts");
    const findings = await diagnose(flags);
    if (!this.jsonEnabled()) writeData(findings.map((finding) => findingLine(finding, COLUMN)).join("\n"));
    if (findings.some(({ state }) => state === "bad")) process.exitCode = EXIT.findings;
    return { version: 1, findings };
  }
}

import { string as argument } from "@oclif/core/args";
import { boolean, string } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { baseRuleFlag } from "../base-rule-flag.ts";
import { changeFlags } from "../change-flags.ts";
import { eventFlags, eventOf } from "../event-flag-definitions.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";
import type { ChangedPath } from "../../schemas/changes.ts";
import type { PlanAnswer } from "../plan.ts";

export class PlanCommand extends DeltaCommand {
  static override summary = "Show what a change would run, what it would not, and why.";
  static override description =
    "Compiles the pipeline of one commit for one event, as the server would: the same commit, base and event give the same plan and the same digest. Nothing is run. Ends with 1 when the pipeline has errors.";
  static override examples = [
    "<%= config.bin %> plan",
    "<%= config.bin %> plan --base origin/main --worktree",
    "<%= config.bin %> plan --event push --ref refs/heads/main --head HEAD --before HEAD~3",
    "<%= config.bin %> plan --out plan.json",
    "git diff --name-status | <%= config.bin %> plan --changed-files -",
    "<%= config.bin %> plan --provenance test",
    "<%= config.bin %> plan --provenance jobs.test.timeout_ms",
  ];
  static override strict = false;
  static override args = {
    jobs: argument({
      description: "Only these jobs and what they need; all that the change selects when left out.",
    }),
  };
  static override flags = {
    ...changeFlags,
    ...baseRuleFlag,
    "changed-files": string({
      summary: "Plan as if these paths had changed: a file, or - for standard input, one path per line.",
      helpValue: "FILE",
    }),
    all: boolean({ summary: "Select every job, whatever changed.", default: false }),
    full: boolean({
      summary: "List every job, also of hundreds; many alike are counted when left out.",
      default: false,
    }),
    out: string({
      summary: "Write the plan's canonical JSON, whose SHA-256 is its digest, to a file.",
      helpValue: "FILE",
    }),
    provenance: boolean({
      summary: "Show where values of the plan come from: all, or those named in place of JOBS.",
      default: false,
    }),
    ...limitFlags,
    ...policyFlag,
    ...eventFlags,
  };

  async run(): Promise<JsonAnswer & PlanAnswer> {
    const { argv, flags } = await this.parse(PlanCommand);
    const event = eventOf(flags);
    const { planHere } = await import("../plan.ts");
    return planHere({
      base: flags.base,
      baseRule: flags["base-rule"],
      missing: flags["missing-commit"],
      changedFiles: await changedFilesOf(flags["changed-files"]),
      head: event?.head ?? flags.head,
      worktree: flags.worktree,
      event,
      jobs: flags.provenance ? [] : argv.map(String),
      provenance: flags.provenance ? argv.map(String) : null,
      all: flags.all,
      limits: limitsOf(flags),
      policy: await policyOf(flags),
      out: flags.out ?? null,
      full: flags.full,
      json: this.jsonEnabled(),
    });
  }
}

async function changedFilesOf(file: string | undefined): Promise<readonly ChangedPath[] | undefined> {
  if (file === undefined) return undefined;
  const { readChangedFiles } = await import("../changed-files.ts");
  return readChangedFiles(file);
}

import { string } from "@oclif/core/args";
import { boolean, integer } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { serverFlags } from "../../server-flags.ts";

interface LogAnswer {
  readonly job: string;
  readonly attempt: number;
  readonly stream: number;
  readonly name: string;
  readonly text: string;
}

export class RunsLogs extends DeltaCommand {
  static override summary = "Print the logs of a run, or of one of its jobs.";
  static override description =
    "Headings go to stderr, so that stdout holds log lines alone. Terminal escapes other than colours are shown as text unless --raw is given.";
  static override examples = [
    "<%= config.bin %> runs logs latest test",
    "<%= config.bin %> runs logs 12 test --follow",
  ];
  static override args = {
    run: string({ required: true, description: "Id, start of an id, number, or `latest`." }),
    job: string({ description: "Key of the job; all jobs when it is left out." }),
  };
  static override flags = {
    ...serverFlags,
    attempt: integer({ summary: "Which attempt; the last one when it is left out.", min: 1 }),
    follow: boolean({ default: false, char: "f", summary: "Go on until the log is closed." }),
    raw: boolean({ default: false, summary: "Print the bytes as they are." }),
  };

  async run(): Promise<JsonAnswer & { logs: readonly LogAnswer[] }> {
    const { args, flags } = await this.parse(RunsLogs);
    const [{ findServer }, { findRunId }, { findAttempt, findJob }, { printStream, readStream }] =
      await Promise.all([
        import("../../find-server.ts"),
        import("../../find-run.ts"),
        import("../../find-job.ts"),
        import("../../log-text.ts"),
      ]);
    const client = await findServer(flags);
    const run = await client.run(await findRunId(client, args.run));
    const jobs = args.job === undefined ? run.jobs : [await findJob(run.jobs, args.job)];
    const logs: LogAnswer[] = [];
    for (const job of jobs) {
      const attempt = findAttempt(job, flags.attempt);
      for (const { stream, name } of attempt?.streams ?? []) {
        if (attempt === undefined) continue;
        const heading = `${job.key}, attempt ${attempt.number}, ${name}`;
        if (this.jsonEnabled()) {
          const text = await readStream(client, attempt.id, stream);
          logs.push({ job: job.key, attempt: attempt.number, stream, name, text });
        } else
          await printStream(client, attempt.id, stream, { heading, follow: flags.follow, raw: flags.raw });
      }
    }
    return { version: 1, logs };
  }
}

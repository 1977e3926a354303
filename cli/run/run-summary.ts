import type { JobView, RunView } from "../../schemas/api.ts";
import type { ApiClient } from "../api-client.ts";
import { streamTail } from "../log-text.ts";
import { paint, writeData, writeTalk } from "../output.ts";
import { jobsTable, runLine } from "../progress/run-text.ts";
import { terminalText } from "../terminal-text.ts";

/** Failed jobs whose log is shown; with more, the first ones tell enough. */
const FAILURES_SHOWN = 5;

/** The end of a run for people: the last lines of what failed on stderr, then the table of jobs on stdout. */
export async function printRunEnd(client: ApiClient, run: RunView, full: boolean): Promise<void> {
  const failed = run.jobs.filter(({ state }) => state === "failed" || state === "timed_out");
  for (const job of failed.slice(0, FAILURES_SHOWN)) await printLogTail(client, job);
  if (run.jobs.length > 0) writeData(jobsTable(run, Date.now(), process.stdout, full));
  writeData(`\n${runLine(run, Date.now(), process.stdout)}`);
}

/** The log of the step that failed, else of the last that ran, else of the runner itself. */
async function printLogTail(client: ApiClient, job: JobView): Promise<void> {
  const attempt = job.attempts.at(-1);
  if (attempt === undefined) return;
  const failedStep = attempt.steps.find(({ state }) => state === "failed" || state === "timed_out");
  const byStep =
    failedStep === undefined
      ? undefined
      : attempt.streams.find(({ stream }) => stream === failedStep.index + 1);
  const stream = byStep ?? attempt.streams.findLast(({ acked }) => acked > 0);
  if (stream === undefined) return;
  const lines = await streamTail(client, attempt.id, stream.stream, stream.acked);
  const heading = terminalText(`${job.key}, ${stream.name}`, { colours: false });
  writeTalk(`${paint("red", `── ${heading}`, process.stderr)}\n${lines.join("\n")}\n`);
}

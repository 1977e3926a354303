import { byteText } from "../compiler/render/byte-text.ts";
import type { ArtifactView, JobView } from "../schemas/api.ts";
import { findAttempt } from "./find-job.ts";
import { columnsOf } from "./output.ts";
import { tableText } from "./table.ts";
import { terminalText } from "./terminal-text.ts";

/** An artifact with where it comes from. */
export interface LeftArtifact extends ArtifactView {
  readonly job: string;
  readonly attempt: number;
  readonly attempt_id: string;
}

/** On a terminal more are counted. */
const SHOWN_MAX = 20;

/** What the last attempts of these jobs left, or their attempts with that number. */
export function artifactsOf(jobs: readonly JobView[], number?: number): readonly LeftArtifact[] {
  return jobs.flatMap((job) => {
    const attempt = findAttempt(job, number);
    if (attempt === undefined) return [];
    const from = { job: job.key, attempt: attempt.number, attempt_id: attempt.id };
    return attempt.artifacts.map((artifact) => ({ ...from, ...artifact }));
  });
}

/** One line for each: every one when `full` or into a pipe, else the first of many. */
export function artifactsTable(
  artifacts: readonly LeftArtifact[],
  stream: NodeJS.WriteStream,
  full: boolean,
): string {
  const shown = full || !stream.isTTY ? artifacts : artifacts.slice(0, SHOWN_MAX);
  const rows = shown.map(({ job, name, type, files, size, expires_at, removed_at }) => [
    terminalText(name, { colours: false }),
    terminalText(job, { colours: false }),
    type,
    String(files),
    byteText(size),
    removed_at === null ? `until ${day(expires_at)}` : `removed ${day(removed_at)}`,
  ]);
  const table = tableText(["ARTIFACT", "JOB", "TYPE", "FILES", "SIZE", "KEPT"], rows, columnsOf(stream));
  const more = artifacts.length - shown.length;
  return more === 0 ? table : `${table}\n… ${more} more`;
}

/** The day in the reader's own time. */
function day(moment: string): string {
  return new Date(moment).toLocaleDateString("sv-SE");
}

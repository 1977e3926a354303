import type { JobView, RunView } from "../../schemas/api.ts";
import { writeTalk } from "../output.ts";
import { jobEnded, jobLine, runLine } from "./run-text.ts";

/** Shows a run while it lives. `show` may be called as often as the state changes; `note` adds a sentence. */
export interface Progress {
  show(run: RunView): void;
  note(sentence: string): void;
  /** Leaves the terminal as it should stay. Safe when repeated. */
  close(): void;
}

/** How often the times on a terminal move. */
const REDRAW_MS = 200;

/** Live lines on a terminal, one plain line per change otherwise. Both write to stderr. */
export async function openProgress(stream: NodeJS.WriteStream = process.stderr): Promise<Progress> {
  const dumb = process.env["TERM"] === "dumb" || process.env["CI"] !== undefined;
  // A terminal that does not say how wide it is has no room for lines that are drawn again.
  return stream.isTTY && stream.columns > 0 && !dumb ? openLive(stream) : openPlain(stream);
}

function openPlain(stream: NodeJS.WriteStream): Progress {
  const shown = new Map<string, string>();
  const changed = (job: JobView): boolean => {
    const started = typeof job.attempts.at(-1)?.started_at === "string";
    const state = `${job.state} ${job.attempts.length} ${started}`;
    if (shown.get(job.id) === state) return false;
    shown.set(job.id, state);
    return jobEnded(job) ? job.state !== "skipped" : started;
  };
  return {
    show(run) {
      for (const job of run.jobs) if (changed(job)) writeTalk(jobLine(job, Date.now(), stream));
    },
    note: writeTalk,
    close() {},
  };
}

async function openLive(stream: NodeJS.WriteStream): Promise<Progress> {
  const { createLogUpdate } = await import("log-update");
  const update = createLogUpdate(stream);
  let latest: RunView | null = null;
  const draw = (): void => {
    if (latest !== null) update(liveLines(latest, Date.now(), stream).join("\n"));
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  return {
    show(run) {
      latest = run;
      draw();
    },
    note(sentence) {
      update.persist(sentence);
      draw();
    },
    close() {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

/** What fits on the screen: running jobs first, then what has ended, then what waits, then the count. */
export function liveLines(run: RunView, nowMs: number, stream: NodeJS.WriteStream): string[] {
  const room = Math.max(3, (stream.rows ?? 24) - 3);
  const rank = (job: JobView): number => (job.state === "active" ? 0 : jobEnded(job) ? 1 : 2);
  const jobs = run.jobs
    .filter((job) => job.state !== "skipped")
    .sort((left, right) => rank(left) - rank(right));
  const lines = jobs.slice(0, room).map((job) => jobLine(job, nowMs, stream));
  const skipped = run.jobs.length - jobs.length;
  const more = jobs.length > room ? [`  and ${jobs.length - room} more`] : [];
  const ended = jobs.filter(jobEnded).length;
  const counts = `${ended} of ${jobs.length} jobs ended${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return [...lines, ...more, `${runLine(run, nowMs, stream)} (${counts})`];
}

import type { JobView, RunView } from "../../schemas/api.ts";
import { duration } from "./duration.ts";
import { html, type Html } from "./html.ts";
import { toneOf } from "./state-badge.ts";

/** Longer timelines say little; the jobs tell their own times. */
const TIMELINE_JOBS_MAX = 100;

/** When each attempt waited and ran, on one scale. Null before the first attempt. */
export function timeline(run: RunView, now: Date): Html | null {
  const jobs = run.jobs.filter(({ attempts }) => attempts.length > 0);
  if (jobs.length === 0 || jobs.length > TIMELINE_JOBS_MAX) {
    return null;
  }
  const from = Date.parse(run.created_at);
  const to = run.finalized_at === null ? now.getTime() : Date.parse(run.finalized_at);
  const share = (moment: string | null): number =>
    Math.min(1, Math.max(0, ((moment === null ? to : Date.parse(moment)) - from) / Math.max(1, to - from)));
  return html`<div class="timeline">${jobs.map((job) => row(job, share, now))}</div>`;
}

function row(job: JobView, share: (moment: string | null) => number, now: Date): Html {
  const bars = job.attempts.map((attempt) => {
    const begun = share(attempt.started_at ?? attempt.finalized_at);
    return html`${bar("queue", share(attempt.created_at), begun)}${bar(toneOf(attempt.state), begun, share(attempt.finalized_at))}`;
  });
  return html`<a href="#job-${job.id}">${job.key}</a><svg height="14" role="presentation">${bars}</svg>${duration(job.started_at, job.finalized_at, now) ?? html`<span></span>`}`;
}

function bar(name: string, from: number, to: number): Html {
  const percent = (part: number): string => (part * 100).toFixed(2);
  return html`<rect class="${name}" x="${percent(from)}%" width="${percent(Math.max(0.003, to - from))}%" y="2" height="10" rx="2"/>`;
}

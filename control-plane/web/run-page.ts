import { eventFlags } from "../../compiler/event-flags.ts";
import { shellCommand } from "../../compiler/render/index.ts";
import type { AttemptView, JobView, RunView } from "../../schemas/api.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import type { Plan } from "../../schemas/plan.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { durationText, elapsed } from "../checks/markdown.ts";
import { decisionTrace } from "./decision-trace.ts";
import { html, type Html } from "./html.ts";
import { badge, layout, moment } from "./layout.ts";

/**
 * The page of one run. Elements with `data-live` are replaced when the run changes, those with
 * `data-merge` get what is new in them, and everything else (open logs above all) stays as it is.
 */
export function runPage(run: RunView, plan: Plan | null): string {
  const live = !isTerminal(RUN_TRANSITIONS, run.state);
  return layout({
    title: `${run.repository} #${run.number}: ${run.state.replaceAll("_", " ")}`,
    script: "run.js",
    body: html`<article id="run" data-run="${run.id}" data-follow="${live ? "yes" : "no"}">
${runHeader(run)}
${diagnosticsList(run.diagnostics)}
<section id="jobs" data-merge><h2 id="jobs-title">Jobs</h2>${run.jobs.map(jobItem)}</section>
${
  plan === null
    ? null
    : html`<section><h2>What was decided, and why</h2>${decisionTrace(plan)}
<p>Plan <code>${run.plan_digest}</code>. The same plan on your machine:</p>
<pre class="command">${shellCommand(["delta", "plan", ...eventFlags(plan.event)])}</pre></section>`
}
</article>`,
  });
}

function runHeader(run: RunView): Html {
  const { event } = run;
  const pull = event.pull_request;
  const took = elapsed(run.started_at, run.finalized_at);
  const why = reasonText(run.reason, run.reason_detail);
  return html`<section id="run-header" data-live>
<h1>${run.repository} <span class="number">#${run.number}</span> ${badge(run.state)}</h1>
${why === null ? null : html`<p class="why">${why}</p>`}
<dl>
<dt>Event</dt><dd>${pull === null ? event.kind : `pull request ${pull.number} (${pull.action})`} of <code>${event.ref}</code>${event.trust === "fork" && html` <span class="note">from a fork</span>`}</dd>
<dt>Commit</dt><dd><code>${run.head}</code></dd>
<dt>Compared with</dt><dd>${run.base === null ? "nothing: everything counts as changed" : html`<code>${run.base}</code>`}</dd>
<dt>Created</dt><dd>${moment(run.created_at)}</dd>
${took === null ? null : html`<dt>Took</dt><dd>${took}</dd>`}
${run.rerun_of === null ? null : html`<dt>Again</dt><dd><a href="/runs/${run.rerun_of}">of an earlier run</a></dd>`}
</dl>
</section>`;
}

function diagnosticsList(diagnostics: readonly Diagnostic[]): Html | null {
  if (diagnostics.length === 0) {
    return null;
  }
  const items = diagnostics.map((diagnostic) => {
    const { place = null } = diagnostic as Partial<PlacedDiagnostic>;
    const at = place === null ? null : html` <code>${place.file}:${place.line}:${place.column}</code>`;
    return html`<li class="${diagnostic.severity}"><b>${diagnostic.severity}</b> ${diagnostic.code}${at}: ${diagnostic.message}</li>`;
  });
  return html`<section><h2>Diagnostics</h2><ul class="diagnostics">${items}</ul></section>`;
}

function jobItem(job: JobView): Html {
  const quiet = job.state === "skipped" || job.state === "waiting" || job.state === "succeeded";
  return html`<details class="job" id="job-${job.id}" data-merge ${quiet ? null : html`open`}>
<summary id="head-${job.id}" data-live>${badge(job.state)} <b>${job.key}</b>${!job.required && html` <span class="note">not required</span>`}
<span class="because">${job.pending ?? reasonText(job.reason, job.state === "skipped" ? null : job.reason_detail) ?? job.because}</span>
<span class="took">${elapsed(job.started_at, job.finalized_at)}</span></summary>
<p class="decision" id="because-${job.id}">${job.because}</p>
<div id="attempts-${job.id}" data-merge>${job.attempts.map(attemptItem)}</div>
</details>`;
}

function attemptItem(attempt: AttemptView): Html {
  const { id, number, state, reason, reason_detail, exit_code, steps, streams } = attempt;
  const why = reasonText(reason, reason_detail);
  const code = exit_code === null || exit_code === 0 ? null : ` (exit code ${exit_code})`;
  return html`<section class="attempt" id="attempt-${id}" data-merge>
<p id="attempt-head-${id}" data-live>Attempt ${number}: ${badge(state)} ${attempt.pending ?? why}${code}${attempt.cancel_receipt === null ? null : ` Stop confirmed: ${attempt.cancel_receipt.replaceAll("_", " ")}.`}</p>
<table id="steps-${id}" data-live><tbody>${steps.map(
    (step) =>
      html`<tr><td>${badge(step.state)}</td><td>${step.name}</td><td>${step.exit_code === null ? step.signal : `exit ${step.exit_code}`}</td><td>${step.duration_ms === null ? null : durationText(step.duration_ms)}</td></tr>`,
  )}</tbody></table>
<div id="logs-${id}" data-merge>${streams.map(({ stream, name }) => logItem(id, stream, name))}</div>
</section>`;
}

function logItem(attempt: string, stream: number, name: string): Html {
  const source = `/api/v1/attempts/${attempt}/logs/${stream}`;
  return html`<details class="log" id="log-${attempt}-${stream}" data-log="${source}">
<summary>Log of ${name} <a href="${source}">raw</a></summary><pre tabindex="0"></pre></details>`;
}

function reasonText(reason: Reason | null, detail: string | null): string | null {
  if (reason === null || reason === "ok") {
    return null;
  }
  return detail === null ? REASONS[reason].title : `${REASONS[reason].title}: ${detail}`;
}

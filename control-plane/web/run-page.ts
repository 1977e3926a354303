import { samePlanCommand } from "../../compiler/render/index.ts";
import type { RunView } from "../../schemas/api.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import type { Plan } from "../../schemas/plan.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { decisionTrace } from "./decision-trace.ts";
import { duration } from "./duration.ts";
import { html, type Html } from "./html.ts";
import { jobGraph } from "./job-graph.ts";
import { jobItem, reasonText } from "./job-item.ts";
import { layout, moment } from "./layout.ts";
import { prose } from "./prose.ts";
import { badge, stateIcon } from "./state-badge.ts";
import { timeline } from "./timeline.ts";

/** Without scripts, a page of a run that goes on asks for itself this often. */
const AGAIN_SECONDS = 10;

/**
 * The page of one run. Elements with `data-live` are replaced when the run changes, those with
 * `data-merge` get what is new in them, and everything else (open logs above all) stays as it is.
 * `formToken` is what the forms of this page prove their origin with.
 */
export function runPage(run: RunView, plan: Plan | null, formToken: string, now: Date): string {
  const live = !isTerminal(RUN_TRANSITIONS, run.state);
  return layout({
    title: `${run.repository} #${run.number}: ${run.state.replaceAll("_", " ")}`,
    script: "run.js",
    againSeconds: live ? AGAIN_SECONDS : null,
    body: html`<article id="run" data-run="${run.id}" data-follow="${live ? "yes" : "no"}">
<div class="head" id="head" data-merge>${runTitle(run, now)}${actions(run, formToken)}</div>
${runFacts(run)}
<div id="diagnostics" data-live>${diagnosticsList(run.diagnostics)}</div>
<div id="graph-section" data-merge>${plan === null ? null : jobGraph(run.jobs, plan)}</div>
<section id="jobs" data-merge>${run.jobs.length > 0 && html`<h2 id="jobs-title">Jobs</h2>`}${run.jobs.map((job) => jobItem(job, now))}</section>
<section id="timeline" data-live>${timelineSection(run, now)}</section>
<section id="decided" data-merge>${plan === null ? null : decided(run, plan)}</section>
</article>
<p id="connection" role="status" hidden>The connection is lost; trying again.</p>`,
  });
}

function runTitle(run: RunView, now: Date): Html {
  const why = reasonText(run.reason, run.reason_detail);
  return html`<div id="run-title" data-live>
<h1>${run.repository} <span class="faint">#${run.number}</span></h1>
<p class="lead">${badge(run.state)} ${duration(run.started_at, run.finalized_at, now)} ${why === null ? null : html`<span class="why">${prose(why)}</span>`}</p>
</div>`;
}

function actions(run: RunView, formToken: string): Html {
  const live = !isTerminal(RUN_TRANSITIONS, run.state);
  const asked = run.cancel_requested_at !== null;
  const action = live ? "cancel" : "rerun";
  const words = live ? (asked ? "Canceling…" : "Cancel run") : "Run again";
  return html`<form id="actions" data-live method="post" action="/runs/${run.id}/${action}">
<input type="hidden" name="form_token" value="${formToken}">
<button class="${live ? "danger" : "plain"}" ${live && asked ? html`disabled` : null}>${words}</button></form>`;
}

function runFacts(run: RunView): Html {
  const { event } = run;
  const pull = event.pull_request;
  return html`<dl id="facts" data-live>
<dt>Event</dt><dd>${pull === null ? event.kind : `pull request ${pull.number} (${pull.action})`} of <code>${event.ref}</code>${event.trust === "fork" && html` <span class="note">from a fork</span>`}</dd>
<dt>Commit</dt><dd><code>${run.head}</code></dd>
<dt>Compared with</dt><dd>${run.base === null ? "nothing: everything counts as changed" : html`<code>${run.base}</code>`}</dd>
<dt>Created</dt><dd>${moment(run.created_at)}</dd>
${run.rerun_of === null ? null : html`<dt>Repeats</dt><dd><a href="/runs/${run.rerun_of}">an earlier run</a></dd>`}
</dl>`;
}

function diagnosticsList(diagnostics: readonly Diagnostic[]): Html | null {
  if (diagnostics.length === 0) {
    return null;
  }
  const items = diagnostics.map((diagnostic) => {
    const { place = null } = diagnostic as Partial<PlacedDiagnostic>;
    const at = place === null ? null : html`<code>${place.file}:${place.line}:${place.column}</code>`;
    return html`<li class="${diagnostic.severity}">${diagnostic.severity === "error" && stateIcon("failed")}<div><b>${diagnostic.severity}</b> <span class="faint">${diagnostic.code}</span> ${at}<p>${prose(diagnostic.message)}</p></div></li>`;
  });
  return html`<section><h2>What the pipeline's check found</h2><ul class="diagnostics">${items}</ul></section>`;
}

function timelineSection(run: RunView, now: Date): Html | null {
  const rows = timeline(run, now);
  return rows && html`<h2>Timeline</h2>${rows}`;
}

function decided(run: RunView, plan: Plan): Html {
  return html`<div id="decided-once"><h2>What was decided, and why</h2>${decisionTrace(plan, run.jobs)}
<p class="faint">Plan <code>${run.plan_digest}</code>. The same plan on your machine:</p>
<pre class="command" tabindex="0">${samePlanCommand(plan, "plan")}</pre></div>`;
}

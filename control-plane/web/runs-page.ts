import type { RunList, RunSummaryView } from "../../schemas/api.ts";
import { duration } from "./duration.ts";
import { html, type Html } from "./html.ts";
import { layout, moment } from "./layout.ts";
import { badge, stateIcon } from "./state-badge.ts";

/** The newest runs, with a link to older ones. */
export function runsPage({ runs, next }: RunList, now: Date): string {
  const live = runs.some(({ finalized_at }) => finalized_at === null);
  return layout({
    title: "Runs",
    script: "runs.js",
    againSeconds: live ? 10 : null,
    body: html`<h1>Runs</h1>
<div id="runs" data-live>${runs.length === 0 ? empty() : html`<ul class="runs">${runs.map((run) => row(run, now))}</ul>`}
${next === null ? null : html`<p class="older"><a href="/runs?before=${next}">Older runs</a></p>`}</div>`,
  });
}

function row(run: RunSummaryView, now: Date): Html {
  const jobs = Object.entries(run.jobs_by_state).map(
    ([state, count]) => html`<span class="count">${stateIcon(state)}${count} ${state}</span>`,
  );
  return html`<li id="run-${run.id}">${badge(run.state)}
<div class="what"><a href="/runs/${run.id}">${run.repository} <span class="faint">#${run.number}</span></a>
<p class="faint"><code>${run.ref.replace(/^refs\/(heads|tags)\//, "")}</code> at <code>${run.head.slice(0, 12)}</code></p></div>
<p class="counts">${jobs}</p>
<p class="when faint">${duration(run.started_at, run.finalized_at, now)}${moment(run.created_at)}</p></li>`;
}

function empty(): Html {
  return html`<div class="empty"><p>There are no runs yet.</p><p class="faint">Push a commit to a connected repository, or start one with <code>delta run</code>.</p></div>`;
}

import type { RunList } from "../../schemas/api.ts";
import { elapsed } from "../checks/markdown.ts";
import { html } from "./html.ts";
import { badge, layout, moment } from "./layout.ts";

/** The newest runs, with a link to older ones. */
export function runsPage({ runs, next }: RunList): string {
  const rows = runs.map(
    (run) => html`<tr>
<td>${badge(run.state)}</td>
<td><a href="/runs/${run.id}">${run.repository} #${run.number}</a></td>
<td><code>${run.ref}</code></td>
<td><code>${run.head.slice(0, 12)}</code></td>
<td>${Object.entries(run.jobs_by_state)
      .map(([state, jobs]) => `${jobs} ${state}`)
      .join(", ")}</td>
<td>${elapsed(run.started_at, run.finalized_at)}</td>
<td>${moment(run.created_at)}</td>
</tr>`,
  );
  return layout({
    title: "Runs",
    script: null,
    body: html`<h1>Runs</h1>
${runs.length === 0 ? html`<p>There are no runs yet.</p>` : html`<table class="runs"><thead><tr><th>State</th><th>Run</th><th>Ref</th><th>Commit</th><th>Jobs</th><th>Took</th><th>Created</th></tr></thead><tbody>${rows}</tbody></table>`}
${next === null ? null : html`<p><a href="/runs?before=${next}">Older runs</a></p>`}`,
  });
}

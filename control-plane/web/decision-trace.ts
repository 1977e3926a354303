import { displayPath } from "../../compiler/paths.ts";
import type { JobView } from "../../schemas/api.ts";
import type { Decision, Plan } from "../../schemas/plan.ts";
import type { Place } from "../../schemas/diagnostic.ts";
import { html, type Html } from "./html.ts";
import { prose } from "./prose.ts";
import { badge } from "./state-badge.ts";

/** Changed paths shown before the count of the others. */
const PATHS_SHOWN_MAX = 50;

/** What changed, what that affects, and for each job the clause that decided, with its evidence. */
export function decisionTrace(plan: Plan, jobs: readonly JobView[]): Html {
  const ids = new Map(jobs.map(({ key, id }) => [key, id]));
  const { changes, components, uncertain, decisions } = plan;
  const paths = changes.paths.slice(0, PATHS_SHOWN_MAX);
  const more = changes.total - paths.length;
  return html`<details class="trace" id="changed"><summary>${changes.total} changed ${changes.total === 1 ? "path" : "paths"}, base chosen by <code>${changes.rule}</code></summary>
<ul class="paths">${paths.map(({ status, path }) => html`<li><code>${status} ${displayPath(path)}</code></li>`)}${more > 0 && html`<li>and ${more} more</li>`}</ul>
<table><tbody>${changes.ladder.map(({ rule, taken, why }) => html`<tr class="${taken ? "taken" : "passed"}"><td>${taken ? "taken" : "passed over"}</td><td><code>${rule}</code></td><td>${prose(why)}</td></tr>`)}</tbody></table></details>
<details class="trace" id="affected"><summary>${components.affected.length} of ${components.total} components affected</summary>
<ul>${components.affected.map(({ id, root }) => html`<li><b>${id}</b> <code>${displayPath(root)}</code></li>`)}</ul></details>
${uncertain.length > 0 && html`<ul class="doubts">${uncertain.map(({ code, detail }) => html`<li><b>doubt</b> <code>${code}</code> ${prose(detail)}</li>`)}</ul>`}
${decisions.map((decision) => decisionItem(decision, ids.get(decision.key) ?? null))}`;
}

function decisionItem(decision: Decision, job: string | null): Html {
  const { key, outcome, because, clause, place, matched, chain, expression, values } = decision;
  return html`<details class="decision-item" ${job !== null && html`id="decision-${job}"`}><summary>${badge(outcome)} <b>${key}</b> <span class="because">${prose(because)}</span></summary>
<table><tbody>
<tr><td>decided by</td><td>${clause}, ${at(place)}</td></tr>
${matched.map((match) => html`<tr><td>path</td><td><code>${displayPath(match.path)}</code> matches <code>${match.glob}</code>, ${at(match.place)}</td></tr>`)}
${chain.map((hop) => html`<tr><td>depends on</td><td><code>${hop.from}</code> → <code>${hop.to}</code> (${hop.edge})${hop.place === null ? null : html`, ${at(hop.place)}`}</td></tr>`)}
${expression === null ? null : html`<tr><td>if</td><td><code>${expression}</code></td></tr>`}
${values.map(({ name, value }) => html`<tr><td>read</td><td><code>${name}</code> = <code>${JSON.stringify(value)}</code></td></tr>`)}
</tbody></table></details>`;
}

function at(place: Place): Html {
  return html`<code>${displayPath(place.file)}:${place.line}:${place.column}</code>`;
}

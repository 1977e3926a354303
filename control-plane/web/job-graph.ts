import type { JobView } from "../../schemas/api.ts";
import type { Plan } from "../../schemas/plan.ts";
import { html, type Html } from "./html.ts";
import { stateIcon, toneOf } from "./state-badge.ts";

/** Above this many jobs lines between them tell nothing any more; the list of jobs remains. */
const GRAPH_JOBS_MAX = 100;
const NAME_CHARACTERS_MAX = 22;
/** All in pixels. */
const NODE = { width: 196, height: 34, gapX: 48, gapY: 12, margin: 6 };

interface Node {
  readonly job: JobView;
  readonly x: number;
  readonly y: number;
}

/** The jobs of a plan from left to right, each right of all that it needs. Null when no job needs another. */
export function jobGraph(jobs: readonly JobView[], plan: Plan): Html | null {
  const needs = new Map(plan.jobs.map((job) => [job.key, job.needs.map((need) => need.job)]));
  const shown = jobs.filter(({ key }) => needs.has(key));
  const hasEdges = [...needs.values()].some((needed) => needed.some((key) => needs.has(key)));
  if (!hasEdges || shown.length > GRAPH_JOBS_MAX) {
    return null;
  }
  const nodes = placed(shown, needs);
  const width = Math.max(...[...nodes.values()].map(({ x }) => x)) + NODE.width + NODE.margin;
  const height = Math.max(...[...nodes.values()].map(({ y }) => y)) + NODE.height + NODE.margin;
  const edges = [...nodes.values()].flatMap((to) =>
    (needs.get(to.job.key) ?? []).flatMap((key) => {
      const from = nodes.get(key);
      return from === undefined ? [] : [edge(from, to)];
    }),
  );
  return html`<h2 id="graph-title">Graph</h2><div class="graph" id="graph" data-live tabindex="0" role="region" aria-label="Graph of jobs">
<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${edges}${[...nodes.values()].map(box)}</svg></div>`;
}

/** Layer by layer. Plan jobs come after what they need, so one pass knows every layer. */
function placed(
  jobs: readonly JobView[],
  needs: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, Node> {
  const layers = new Map<string, number>();
  for (const [key, needed] of needs) {
    layers.set(key, Math.max(-1, ...needed.map((need) => layers.get(need) ?? -1)) + 1);
  }
  const filled: number[] = [];
  return new Map(
    jobs.map((job) => {
      const layer = layers.get(job.key) ?? 0;
      const row = filled[layer] ?? 0;
      filled[layer] = row + 1;
      const x = NODE.margin + layer * (NODE.width + NODE.gapX);
      return [job.key, { job, x, y: NODE.margin + row * (NODE.height + NODE.gapY) }];
    }),
  );
}

function edge(from: Node, to: Node): Html {
  const [x, y] = [from.x + NODE.width, from.y + NODE.height / 2];
  const [toX, toY] = [to.x, to.y + NODE.height / 2];
  const bend = NODE.gapX / 2;
  return html`<path class="edge" d="M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}"/>`;
}

function box({ job, x, y }: Node): Html {
  const characters = Array.from(job.key);
  const name =
    characters.length > NAME_CHARACTERS_MAX
      ? `${characters.slice(0, NAME_CHARACTERS_MAX - 1).join("")}…`
      : job.key;
  return html`<a href="#job-${job.id}" aria-label="${job.key}: ${job.state}"><title>${job.key}: ${job.state}</title><g class="node ${toneOf(job.state)}" transform="translate(${x} ${y})">
<rect width="${NODE.width}" height="${NODE.height}" rx="6"/><g transform="translate(9 9)">${stateIcon(job.state)}</g><text x="32" y="22">${name}</text></g></a>`;
}

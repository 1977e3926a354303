import type { Component, ComponentEdge, ComponentGraph } from "../schemas/components.ts";
import { paint, writeTalk } from "./output.ts";
import { readChange } from "./read-change.ts";
import { openHere, readingGit } from "./repository.ts";
import { COMPONENTS, type Shown, shownOnTerminal } from "./shown-on-terminal.ts";
import { terminalText } from "./terminal-text.ts";

export interface GraphHere {
  readonly head: string;
  readonly graph: ComponentGraph;
  /** Roots of the components that the change affects; empty without a base. */
  readonly affected: readonly string[];
}

/** The component graph at a revision of the repository around this process. */
export async function graphHere(flags: {
  head: string | undefined;
  base: string | undefined;
}): Promise<GraphHere> {
  const repository = await openHere();
  return readingGit(async () => {
    const head = flags.head ?? "HEAD";
    const { changes, result } = await readChange(repository, head, flags.base ?? head);
    const unread = result.uncertain.find(({ code }) => code === "graph_unknown");
    if (unread !== undefined) writeTalk(`delta: ${unread.detail}; \`delta validate\` shows them`);
    const affected = flags.base === undefined ? [] : result.affected.map(({ root }) => root);
    return { head: changes.head, graph: result.headGraph, affected };
  });
}

type Format = "text" | "dot" | "mermaid";

/** `full` is for text alone, which on a terminal is the first of many components: drawings are for programs. */
export function renderGraph(
  format: Format,
  graph: ComponentGraph,
  affected: ReadonlySet<string>,
  full: boolean,
): string {
  if (format === "text") return text(graph, affected, full);
  return format === "dot" ? dot(graph, affected) : mermaid(graph, affected);
}

/** One text for a label in any format: no control characters, no quotes that would end it. */
function label({ id, root }: Component): string {
  return terminalText(id === root ? root : `${id} (${root})`, { colours: false }).replaceAll(/\s/g, " ");
}

/** Dependencies of one component that a terminal is shown. */
const EDGES: Shown = { toldMax: 12, shown: 8 };

function text({ components, edges }: ComponentGraph, affected: ReadonlySet<string>, full: boolean): string {
  const byRoot = new Map(components.map((component) => [component.root, component]));
  const from = Map.groupBy(edges, (edge) => edge.from);
  if (components.length === 0) return "no components: no manifest that Delta CI knows, and none declared";
  const marked = components.filter(({ root }) => affected.has(root));
  const unmarked = components.filter(({ root }) => !affected.has(root));
  const { shown, left } = shownOnTerminal([...marked, ...unmarked], full, COMPONENTS);
  const lines = (left.length === 0 ? components : shown).flatMap((component) => {
    const mark = affected.has(component.root) ? paint("yellow", "* ") : affected.size > 0 ? "  " : "";
    const indent = mark === "" ? "  " : "    ";
    const own = shownOnTerminal(from.get(component.root) ?? [], full, EDGES);
    return [
      `${mark}${paint("bold", label(component))} ${paint("dim", component.kind)}`,
      ...own.shown.map((edge) => `${indent}→ ${edgeText(edge, byRoot)}`),
      ...(own.left.length === 0 ? [] : [`${indent}… ${own.left.length} more`]),
    ];
  });
  const more = `… ${left.length} more of ${components.length} components; --full lists them all`;
  return [...lines, ...(left.length === 0 ? [] : [more])].join("\n");
}

function edgeText(edge: ComponentEdge, byRoot: ReadonlyMap<string, Component>): string {
  const to = byRoot.get(edge.to);
  const place = edge.place === null ? "" : `, ${edge.place.file}:${edge.place.line}`;
  return `${to === undefined ? edge.to : label(to)} ${paint("dim", `(${edge.kind}${place})`)}`;
}

function dot({ components, edges }: ComponentGraph, affected: ReadonlySet<string>): string {
  const name = new Map(components.map(({ root }, index) => [root, `c${index}`]));
  const nodes = components.map((component) => {
    const style = affected.has(component.root) ? ", style=filled, fillcolor=gold" : "";
    return `  ${name.get(component.root)} [label=${JSON.stringify(label(component))}${style}];`;
  });
  const lines = edges.map(
    ({ from, to, kind }) => `  ${name.get(from)} -> ${name.get(to)} [label="${kind}"];`,
  );
  return `digraph components {\n  rankdir=LR;\n  node [shape=box];\n${[...nodes, ...lines].join("\n")}\n}`;
}

function mermaid({ components, edges }: ComponentGraph, affected: ReadonlySet<string>): string {
  const name = new Map(components.map(({ root }, index) => [root, `c${index}`]));
  const nodes = components.map(
    (component) => `  ${name.get(component.root)}["${label(component).replaceAll('"', "#quot;")}"]`,
  );
  const lines = edges.map(({ from, to, kind }) => `  ${name.get(from)} -->|${kind}| ${name.get(to)}`);
  const marked = components.flatMap(({ root }) => (affected.has(root) ? [name.get(root) ?? ""] : []));
  const marks =
    marked.length === 0 ? [] : ["  classDef affected fill:#fd6", `  class ${marked.join(",")} affected`];
  return ["graph LR", ...nodes, ...lines, ...marks].join("\n");
}

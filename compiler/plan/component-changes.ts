import type { ChangeSet } from "../../schemas/changes.ts";
import type { ComponentGraph } from "../../schemas/components.ts";
import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanSource } from "../../schemas/plan.ts";
import {
  type AffectedResult,
  affectedComponents,
  type DeclaredComponent,
  type DiscoverKind,
  type DiscoverOptions,
  type Discovery,
  discoverBoth,
  type UnownedPolicy,
} from "../components/index.ts";
import { type MatchBudget, pathTest } from "../globs/index.ts";
import type { TreeSnapshot } from "../input.ts";
import type { ComponentsModel, GlobList } from "../language/model.ts";

export interface ComponentChanges extends AffectedResult {
  /** The graph of the head commit alone. */
  readonly headGraph: ComponentGraph;
}

/** How a plan reads paths, so that all of it agrees. */
export interface PathReading {
  /** True for paths that count for nothing (`changes.ignore`). */
  readonly isIgnored: (path: string) => boolean;
  readonly budget: MatchBudget;
}

/** The components of two commits as the pipeline sets them. */
export interface ComponentSides {
  readonly components: { readonly head: Discovery; readonly base: Discovery | null };
  /** Configuration files of the head commit: what their changes mean is decided for each job, from its definitions. */
  readonly configuration: ReadonlySet<string>;
}

/** Which of the components the change affects. */
export function componentChanges(
  model: ComponentsModel,
  { components: { head, base }, configuration }: ComponentSides,
  changes: ChangeSet,
  { isIgnored, budget }: PathReading,
): ComponentChanges {
  const affected = affectedComponents({
    head,
    base,
    changes,
    options: {
      unowned: unownedPolicy(model),
      ignored: (path) => configuration.has(path) || isIgnored(path),
      globalInput: pathTest(textsOf(model.globalInputs), budget),
      compileGlobs: (globs) => pathTest(globs, budget),
    },
  });
  return {
    ...affected,
    headGraph: head.graph,
    diagnostics: [...head.diagnostics, ...affected.diagnostics],
  };
}

/** Finds the components of both commits as the pipeline sets them. */
export function discoverSides(
  components: ComponentsModel,
  { head, base }: { readonly head: TreeSnapshot; readonly base: TreeSnapshot | null },
  placeOf: (span: Span) => Place,
): ComponentSides["components"] {
  const options: DiscoverOptions = {
    declared: components.declared.map((component) => declared(component, placeOf)),
    ...(components.discover === null
      ? {}
      : { discover: components.discover.map(({ value }) => value as DiscoverKind) }),
  };
  return discoverBoth(head, base, options);
}

function declared(
  { id, root, inputs, dependsOn, outputs }: ComponentsModel["declared"][number],
  placeOf: (span: Span) => Place,
): DeclaredComponent {
  return {
    id: id.value,
    root: root.value,
    inputs: textsOf(inputs),
    depends_on: dependsOn.map(({ value, span }) => ({ component: value, place: placeOf(span) })),
    outputs: textsOf(outputs),
    place: placeOf(id.span),
  };
}

function unownedPolicy({ unowned }: ComponentsModel): UnownedPolicy {
  return unowned.rule === "components" ? unowned.components.map(({ value }) => value) : unowned.rule;
}

/** The configuration files of the commit itself. */
export function localPaths(sources: readonly PlanSource[]): readonly string[] {
  return sources.filter(({ from }) => from === null).map(({ path }) => path);
}

/** The globs of a list as written; none without a list. */
export function textsOf(list: GlobList | null): readonly string[] {
  return (list?.globs ?? []).map(({ value }) => value);
}

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
  discoverComponents,
  type UnownedPolicy,
} from "../components/index.ts";
import { type MatchBudget, pathTest } from "../globs/index.ts";
import type { CompileInput } from "../input.ts";
import type { LoadedPipeline } from "../language/index.ts";
import type { ComponentsModel, GlobList, PipelineModel } from "../language/model.ts";

export interface ComponentChanges extends AffectedResult {
  /** The graph of the head commit alone. */
  readonly headGraph: ComponentGraph;
}

/** What the rest of a plan reads paths and places with, so that all of it agrees. */
export interface PathReading {
  /** True for paths that count for nothing (`changes.ignore`). */
  readonly isIgnored: (path: string) => boolean;
  readonly placeOf: (span: Span) => Place;
  readonly budget: MatchBudget;
}

/** The components at head and base as the pipeline sets them, and which of them the change affects. */
export function componentChanges(
  { model, sources }: { readonly model: PipelineModel } & Pick<LoadedPipeline, "sources">,
  input: Pick<CompileInput, "head" | "base">,
  changes: ChangeSet,
  { isIgnored, placeOf, budget }: PathReading,
): ComponentChanges {
  const { components } = model;
  const configuration = new Set(localPaths(sources));
  const compileGlobs = (globs: readonly string[]) => pathTest(globs, budget);
  const options: DiscoverOptions = {
    declared: components.declared.map((component) => declared(component, placeOf)),
    compileGlobs,
    ...(components.discover === null
      ? {}
      : { discover: components.discover.map(({ value }) => value as DiscoverKind) }),
  };
  const head = discoverComponents(input.head, options);
  const base = input.base === null ? null : discoverComponents(input.base, options);
  const affected = affectedComponents({
    head,
    base,
    changes,
    options: {
      unowned: unownedPolicy(components),
      // What a changed pipeline means is decided for each job, from its definitions.
      ignored: (path) => configuration.has(path) || isIgnored(path),
      globalInput: pathTest(textsOf(components.globalInputs), budget),
      compileGlobs,
    },
  });
  return {
    ...affected,
    headGraph: head.graph,
    diagnostics: [...head.diagnostics, ...affected.diagnostics],
  };
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

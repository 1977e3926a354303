import type { ChangeSet } from "../../schemas/changes.ts";
import type { Place, Span } from "../../schemas/diagnostic.ts";
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
import type { ComponentsModel, GlobList, PipelineModel } from "../language/model.ts";

/** The components at head and base, and which of them the change affects. */
export function componentChanges(
  model: PipelineModel,
  input: CompileInput,
  changes: ChangeSet,
  isIgnored: (path: string) => boolean,
  placeOf: (span: Span) => Place,
  budget: MatchBudget,
): AffectedResult {
  const { components } = model;
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
      ignored: isIgnored,
      globalInput: pathTest(textsOf(components.globalInputs), budget),
      compileGlobs,
    },
  });
  return { ...affected, diagnostics: [...head.diagnostics, ...affected.diagnostics] };
}

function declared(
  { id, root, inputs, dependsOn }: ComponentsModel["declared"][number],
  placeOf: (span: Span) => Place,
): DeclaredComponent {
  return {
    id: id.value,
    root: root.value,
    inputs: textsOf(inputs),
    depends_on: dependsOn.map(({ value, span }) => ({ component: value, place: placeOf(span) })),
    outputs: [],
    place: placeOf(id.span),
  };
}

function unownedPolicy({ unowned }: ComponentsModel): UnownedPolicy {
  return unowned.rule === "components" ? unowned.components.map(({ value }) => value) : unowned.rule;
}

/** The globs of a list as written; none without a list. */
export function textsOf(list: GlobList | null): readonly string[] {
  return (list?.globs ?? []).map(({ value }) => value);
}

import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { CompileInput } from "../input.ts";
import { type ComponentSides, discoverSides, localPaths } from "./component-changes.ts";
import { type DefinitionChanges, definitionChanges, NO_DEFINITION_CHANGES } from "./definition-changes.ts";
import { loadInputOf, type Preparations, type PreparedPipeline } from "./prepare.ts";

/**
 * What two commits and their pipelines say whatever changed between them: each part is worked out when it
 * is first asked for, and once. `input` counts by its commits, pinned files and limits alone.
 */
export class CommitFacts {
  readonly #prepared: PreparedPipeline;
  readonly #input: CompileInput;
  readonly #preparations: Preparations;
  readonly #definitions = new Map<string, DefinitionChanges>();
  /** Configuration files of the commit itself. */
  readonly configuration: ReadonlySet<string>;
  #components: ComponentSides["components"] | null = null;

  constructor(prepared: PreparedPipeline, input: CompileInput, preparations: Preparations) {
    this.#prepared = prepared;
    this.#input = input;
    this.#preparations = preparations;
    this.configuration = new Set(localPaths(prepared.sources));
  }

  placeOf(span: Span): Place {
    return this.#prepared.places.place(span.file, span.start);
  }

  get components(): ComponentSides["components"] {
    this.#components ??= discoverSides(this.#prepared.model.components, this.#input, (span) =>
      this.placeOf(span),
    );
    return this.#components;
  }

  /** What it means for each job that these paths changed. */
  definitions(changedPaths: readonly string[]): DefinitionChanges {
    const changed = changedPaths.filter((path) => this.configuration.has(path));
    if (changed.length === 0) return NO_DEFINITION_CHANGES;
    const key = JSON.stringify(changed);
    const known = this.#definitions.get(key);
    if (known !== undefined) return known;
    const { base } = this.#input;
    const before =
      base === null ? null : this.#preparations.of({ ...loadInputOf(this.#input), head: base }).model;
    const meant = definitionChanges(this.#prepared.model, before, changed);
    this.#definitions.set(key, meant);
    return meant;
  }
}

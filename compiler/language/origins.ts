import type { Diagnostic, RelatedSpan, Span } from "../../schemas/diagnostic.ts";

/** Places on the way from the pipeline file that a finding names; more would hide the finding. */
const CHAIN_PLACES_MAX = 8;

/** Findings before this code are about a text itself, whoever takes it in; later ones may depend on who does. */
const FIRST_CODE_OF_USE = "DC1200";

/** How text that stands in templates and included files came to be part of the pipeline. */
export class Origins {
  readonly #includes = new Map<string, RelatedSpan>();
  readonly #templates = new Map<string, { readonly region: Span; readonly use: RelatedSpan }>();

  /** The first place that includes a file counts. */
  includes(file: string, span: Span): void {
    if (!this.#includes.has(file))
      this.#includes.set(file, { span, message: `\`${file}\` is included here` });
  }

  /** The first place that includes a file; null for the pipeline file itself. */
  includePlace(file: string): Span | null {
    return this.#includes.get(file)?.span ?? null;
  }

  /** The first place that takes in a template counts. */
  extends(template: string, region: Span, span: Span): void {
    const message = `the template \`${template}\` is taken in here`;
    if (!this.#templates.has(template)) this.#templates.set(template, { region, use: { span, message } });
  }

  /** The findings, each with the places that lead from the pipeline file to where it stands, nearest first. */
  trace(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
    if (this.#includes.size === 0 && this.#templates.size === 0) return diagnostics;
    return diagnostics.map((found) => {
      const places = found.span === null ? [] : this.#placesTo(found.span, found.code >= FIRST_CODE_OF_USE);
      return places.length === 0 ? found : { ...found, related: [...found.related, ...places] };
    });
  }

  #placesTo(span: Span, throughTemplates: boolean): readonly RelatedSpan[] {
    const places: RelatedSpan[] = [];
    let at = span;
    while (places.length < CHAIN_PLACES_MAX) {
      const template = throughTemplates ? this.#templateAround(at) : undefined;
      const next = template ?? this.#includes.get(at.file);
      if (next === undefined || places.includes(next)) break;
      places.push(next);
      at = next.span;
    }
    return places;
  }

  #templateAround({ file, start, end }: Span): RelatedSpan | undefined {
    for (const { region, use } of this.#templates.values())
      if (region.file === file && region.start <= start && end <= region.end) return use;
    return undefined;
  }
}

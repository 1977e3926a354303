import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { mergeMaps } from "./merge-maps.ts";
import type { Origins } from "./origins.ts";
import { entryOf, locatedTexts, mapOf } from "./read.ts";

/**
 * Templates that one job takes in, those of its templates included, and as many of which each takes in the next. More
 * hide where a value comes from.
 */
export const JOB_TEMPLATES_MAX = 32;

/** One of the maps that a job is merged from. `template` is null for the job itself. */
export interface JobLayer {
  readonly map: YamlMap;
  readonly template: string | null;
  /** The place that takes the template in, and what it stands in; null for the job itself. */
  readonly use: { readonly span: Span; readonly within: JobLayer } | null;
}

/** Resolves `extends` against the pipeline's templates. */
export class Templates {
  readonly #entries: ReadonlyMap<string, YamlEntry>;
  readonly #report: Report;

  readonly #origins: Origins;

  constructor(root: YamlMap, report: Report, origins: Origins) {
    this.#entries = mapOf(entryOf(root, "templates")?.value)?.entries ?? new Map();
    this.#report = report;
    this.#origins = origins;
  }

  /**
   * The job over its templates over the defaults. Templates apply in the order written, each after
   * those it extends itself, so that a `+key` appends to what came before it.
   */
  extend(defaults: YamlMap | null, job: YamlMap): YamlMap {
    return this.layers(job).reduce(
      (merged, { map }) => mergeMaps(merged, map, this.#report),
      defaults ?? nothing(job),
    );
  }

  /** What a job is merged from, the first below the others. */
  layers(job: YamlMap): readonly JobLayer[] {
    const layers: JobLayer[] = [];
    this.#collect({ map: job, template: null, use: null }, [], layers);
    return layers;
  }

  #collect(layer: JobLayer, chain: readonly string[], layers: JobLayer[]): void {
    for (const { value: name, span } of locatedTexts(entryOf(layer.map, "extends")?.value)) {
      const template = mapOf(this.#entries.get(name)?.value);
      if (template === null) {
        const message = () => `There is no template \`${name}\`${didYouMean(name, namesOf(this.#entries))}`;
        this.#report.add("DC1601", span, message);
      } else if (chain.includes(name)) {
        const path = [...chain.slice(chain.indexOf(name)), name].map((one) => `\`${one}\``).join(" -> ");
        this.#report.add("DC1602", span, `Templates extend each other in a circle: ${path}`);
      } else if (Math.max(layers.length, chain.length) >= JOB_TEMPLATES_MAX) {
        this.#report.add("DC1603", span, `A job may take in at most ${JOB_TEMPLATES_MAX} templates`);
        return;
      } else {
        this.#origins.extends(name, template.span, span);
        this.#collect(
          { map: template, template: name, use: { span, within: layer } },
          [...chain, name],
          layers,
        );
      }
    }
    layers.push({ ...layer, map: without(layer.map, "extends") });
  }
}

function nothing(job: YamlMap): YamlMap {
  return { kind: "map", entries: new Map(), span: job.span };
}

function without(map: YamlMap, key: string): YamlMap {
  if (!map.entries.has(key)) return map;
  return { ...map, entries: new Map([...map.entries].filter(([other]) => other !== key)) };
}

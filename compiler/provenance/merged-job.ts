import type { Span } from "../../schemas/diagnostic.ts";
import { Report } from "../diagnostics/report.ts";
import { type JobLayer, Templates } from "../language/extend-job.ts";
import { mergeMaps } from "../language/merge-maps.ts";
import { Origins } from "../language/origins.ts";
import type { RuleModel } from "../language/model.ts";
import { entryOf, itemsOf, mapOf } from "../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";

/** What brought a value to a job from elsewhere than its own map. */
export type Layer =
  | { readonly kind: "defaults" | "env" | "rule"; readonly span: Span }
  | { readonly kind: "template"; readonly layer: JobLayer };

/** A job as written, merged as the compiler merges it, with the layer of every value in it. */
export interface MergedJob {
  readonly entry: YamlEntry;
  readonly isFinally: boolean;
  readonly map: YamlMap;
  /** Null for what the job's own map says. */
  readonly layerOf: (node: YamlNode) => Layer | null;
}

/** Merges jobs again, this time remembering. Findings have been told by whoever compiled the pipeline. */
export class JobMerger {
  readonly #root: YamlMap;
  readonly #templates: Templates;
  readonly #layers = new WeakMap<YamlNode, Layer>();

  constructor(root: YamlMap) {
    this.#root = root;
    this.#templates = new Templates(root, new Report(), new Origins());
  }

  /** Null when the pipeline has no such job. What `rule` sets lies over everything else. */
  job(id: string, rule: RuleModel | null): MergedJob | null {
    const last = mapOf(entryOf(this.#root, "finally")?.value);
    const entry = entryOf(mapOf(entryOf(this.#root, "jobs")?.value), id) ?? entryOf(last, id);
    const written = mapOf(entry?.value);
    if (entry === null || written === null) return null;
    const job = this.#templates
      .layers(written)
      .map((layer) => this.#layerMap(layer))
      .reduce(
        (merged, map) => mergeMaps(merged, map, new Report()),
        this.#topLevel("defaults") ?? empty(written.span),
      );
    return {
      entry,
      isFinally: entryOf(last, id) === entry,
      map: this.#withRule(this.#withPipelineEnv(job), rule),
      layerOf: (node) => this.#layers.get(node) ?? null,
    };
  }

  #withPipelineEnv(job: YamlMap): YamlMap {
    const shared = this.#topLevel("env");
    const own = entryOf(job, "env");
    const env = mapOf(own?.value);
    if (shared === null) return job;
    const value = env === null ? shared : mergeMaps(shared, env, new Report());
    const keySpan = own?.keySpan ?? shared.span;
    return { ...job, entries: new Map([...job.entries, ["env", { key: "env", keySpan, value }]]) };
  }

  #withRule(job: YamlMap, rule: RuleModel | null): YamlMap {
    const entry = rule && ruleSet(entryOf(job, "rules"), rule);
    const set = mapOf(entry?.value);
    if (entry === null || set === null) return job;
    const stained = this.#stained(set, { kind: "rule", span: entry.keySpan });
    const env = mapOf(entryOf(stained, "env")?.value);
    const below = mapOf(entryOf(job, "env")?.value);
    const entries = new Map([...job.entries, ...stained.entries]);
    if (env !== null && below !== null) {
      const value = { ...below, entries: new Map([...below.entries, ...env.entries]) };
      entries.set("env", { key: "env", keySpan: entry.keySpan, value });
    }
    return { ...job, entries };
  }

  #topLevel(kind: "defaults" | "env"): YamlMap | null {
    const entry = entryOf(this.#root, kind);
    const map = mapOf(entry?.value);
    return entry && map && this.#stained(map, { kind, span: entry.keySpan });
  }

  #layerMap(layer: JobLayer): YamlMap {
    return layer.template === null ? layer.map : this.#stained(layer.map, { kind: "template", layer });
  }

  /** A copy whose nodes are this layer's alone; merging keeps the nodes of values as they are. */
  #stained(map: YamlMap, layer: Layer): YamlMap {
    const copies = new Map<YamlNode, YamlNode>();
    const copy = (node: YamlNode): YamlNode => {
      const known = copies.get(node);
      if (known !== undefined) return known;
      const fresh = copyOf(node, copy);
      copies.set(node, fresh);
      this.#layers.set(fresh, layer);
      return fresh;
    };
    return copy(map) as YamlMap;
  }
}

function copyOf(node: YamlNode, copy: (node: YamlNode) => YamlNode): YamlNode {
  if (node.kind === "scalar") return { ...node };
  if (node.kind === "list") return { ...node, items: node.items.map(copy) };
  const entries = Array.from(
    node.entries,
    ([key, entry]) => [key, { ...entry, value: copy(entry.value) }] as const,
  );
  return { ...node, entries: new Map(entries) };
}

function empty(span: Span): YamlMap {
  return { kind: "map", entries: new Map(), span };
}

/** The `set` of the rule as it is written. */
export function ruleSet(rules: YamlEntry | null, { condition }: RuleModel): YamlEntry | null {
  const { file, start, end } = condition.span;
  const rule = itemsOf(rules?.value).find(
    ({ span }) => span.file === file && span.start <= start && end <= span.end,
  );
  return entryOf(mapOf(rule), "set");
}

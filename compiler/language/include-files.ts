import type { PlanSource } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { PinnedRequest } from "../pinned.ts";
import { parseYaml } from "../yaml/index.ts";
import { type Origin, PIPELINE_ORIGIN, type YamlMap, type YamlNode } from "../yaml/nodes.ts";
import { IncludedTexts, type SourceText, type TextSources } from "./included-texts.ts";
import { inputSpans, inputValues } from "./inputs.ts";
import { mergeFiles } from "./merge-maps.ts";
import type { Origins } from "./origins.ts";
import { entryOf, itemsOf, mapOf, startOf } from "./read.ts";
import { checkShape } from "./shape.ts";
import { type WrittenInclude, writtenInclude } from "./written-include.ts";

/** Includes inside each other. */
export const INCLUDE_DEPTH_MAX = 8;
/** Readings of files in one pipeline; a file that is included twice is read twice. */
export const INCLUDED_FILES_MAX = 64;
/** Bytes of all readings together. */
export const INCLUDED_BYTES_MAX = 2 * 1024 * 1024;

export interface ReadFiles {
  /** Everything merged into one map; null when the pipeline file itself cannot be read. */
  readonly root: YamlMap | null;
  /** Every file read: those of the commit by path, then those from elsewhere by their name. */
  readonly sources: readonly PlanSource[];
  /** Pinned files that the configuration asks for and that nobody brought. */
  readonly missing: readonly PinnedRequest[];
}

/** Reads a pipeline file and what it includes, each checked on its own, merged by the merge law. */
export function readFiles(file: string, from: TextSources, report: Report, origins: Origins): ReadFiles {
  const texts = new IncludedTexts(from, report);
  const reader = new FileReader(texts, report, origins);
  const text = texts.local(file);
  const root = text && reader.read(text, PIPELINE_ORIGIN, []);
  return { root, sources: reader.sources(), missing: [...texts.missing.values()] };
}

/** The half of an origin that is known only when its file has been read. */
type OriginInputs = { -readonly [Key in "inputs" | "inputSpans"]: Origin[Key] };

class FileReader {
  readonly #texts: IncludedTexts;
  readonly #report: Report;
  readonly #origins: Origins;
  readonly #read = new Map<string, PlanSource>();
  #count = 0;
  #bytes = 0;

  constructor(texts: IncludedTexts, report: Report, origins: Origins) {
    this.#texts = texts;
    this.#report = report;
    this.#origins = origins;
  }

  sources(): readonly PlanSource[] {
    const order = ([name, { from }]: readonly [string, PlanSource]) => `${from === null ? 0 : 1}${name}`;
    return [...this.#read].sort((a, b) => (order(a) < order(b) ? -1 : 1)).map(([, source]) => source);
  }

  /** `chain` holds the names of the files that led here. */
  read({ name, bytes, source }: SourceText, origin: Origin, chain: readonly string[]): YamlMap | null {
    this.#read.set(name, source);
    this.#count += 1;
    this.#bytes += bytes.byteLength;
    const node = parseYaml(name, bytes, this.#report, origin);
    if (node === null) return null;
    checkShape(node, this.#report);
    const own = mapOf(node);
    if (own === null) return null;
    const layers = itemsOf(entryOf(own, "include")?.value).flatMap((item) =>
      this.#include(item, [...chain, name]),
    );
    const included = layers.reduce<YamlMap | null>(
      (merged, layer) => mergeFiles(merged, layer, this.#report),
      null,
    );
    return included ? mergeFiles(included, own, this.#report) : own;
  }

  #include(node: YamlNode, chain: readonly string[]): readonly YamlMap[] {
    const written = writtenInclude(node, this.#report);
    const text = written && this.#texts.of(written);
    if (written === null || text === null || !this.#mayInclude(text.name, written, chain)) return [];
    this.#origins.includes(text.name, written.span);
    const included = { span: written.span, within: written.within };
    const origin: Pick<Origin, "included"> & OriginInputs = {
      inputs: new Map(),
      inputSpans: new Map(),
      included,
    };
    const map = this.read(text, origin, chain);
    if (map === null) return [];
    const declared = mapOf(entryOf(map, "inputs")?.value);
    // Every scalar of this reading holds its origin, which learns its values only now.
    const giver = { span: written.span, needsAll: true };
    origin.inputs = inputValues(declared, written.given, giver, this.#report);
    origin.inputSpans = inputSpans(declared, written.given);
    return [withoutKeys(map)];
  }

  #mayInclude(name: string, { span }: WrittenInclude, chain: readonly string[]): boolean {
    if (chain.includes(name)) {
      const circle = [...chain.slice(chain.indexOf(name)), name].map((one) => `\`${one}\``).join(" -> ");
      this.#report.add("DC1605", span, `Files include each other in a circle: ${circle}`);
    } else if (chain.length > INCLUDE_DEPTH_MAX) {
      this.#report.add("DC1606", span, `Files include each other more than ${INCLUDE_DEPTH_MAX} deep`);
    } else if (this.#count >= INCLUDED_FILES_MAX || this.#bytes > INCLUDED_BYTES_MAX) {
      const size = `${INCLUDED_FILES_MAX} files or ${INCLUDED_BYTES_MAX / 1024 / 1024} MiB`;
      this.#report.add("DC1606", startOf(span), `The pipeline includes more than ${size}`);
    } else {
      return true;
    }
    return false;
  }
}

/** What describes an included file itself is not part of what it brings. */
function withoutKeys(map: YamlMap): YamlMap {
  const kept = [...map.entries].filter(([key]) => !["inputs", "include", "version"].includes(key));
  return { ...map, entries: new Map(kept) };
}

import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { TreeSnapshot } from "../input.ts";
import { parseYaml } from "../yaml/index.ts";
import { type Origin, PIPELINE_ORIGIN, type YamlMap, type YamlNode } from "../yaml/nodes.ts";
import { givenInputs, type GivenInput, inputSpans, inputValues } from "./inputs.ts";
import { mergeFiles } from "./merge-maps.ts";
import type { Origins } from "./origins.ts";
import { entryOf, itemsOf, mapOf, startOf, textOf } from "./read.ts";
import { checkShape } from "./shape.ts";

/** Includes inside each other. */
export const INCLUDE_DEPTH_MAX = 8;
/** Readings of files in one pipeline; a file that is included twice is read twice. */
export const INCLUDED_FILES_MAX = 64;
/** Bytes of all readings together. */
export const INCLUDED_BYTES_MAX = 2 * 1024 * 1024;
/** What may be included: the folder whose files a compile is given. */
const INCLUDE_FOLDER = ".delta/";

export interface ReadFiles {
  /** Everything merged into one map; null when the pipeline file itself cannot be read. */
  readonly root: YamlMap | null;
  readonly sources: readonly { readonly path: string; readonly blob: string }[];
}

/** Reads a pipeline file and what it includes, each checked on its own, merged by the merge law. */
export function readFiles(file: string, head: TreeSnapshot, report: Report, origins: Origins): ReadFiles {
  const reader = new FileReader(head, report, origins);
  const root = reader.read(file, PIPELINE_ORIGIN, []);
  return { root, sources: reader.sources() };
}

interface WrittenInclude {
  readonly path: string;
  readonly span: Span;
  /** The reading that the include stands in. */
  readonly within: Origin;
  readonly given: ReadonlyMap<string, GivenInput>;
}

/** The half of an origin that is known only when its file has been read. */
type OriginInputs = { -readonly [Key in "inputs" | "inputSpans"]: Origin[Key] };

class FileReader {
  readonly #head: TreeSnapshot;
  readonly #report: Report;
  readonly #origins: Origins;
  readonly #read = new Map<string, string>();
  #count = 0;
  #bytes = 0;

  constructor(head: TreeSnapshot, report: Report, origins: Origins) {
    this.#head = head;
    this.#report = report;
    this.#origins = origins;
  }

  sources(): ReadFiles["sources"] {
    const sources = Array.from(this.#read, ([path, blob]) => ({ path, blob }));
    return sources.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** `chain` holds the files that led here. */
  read(file: string, origin: Origin, chain: readonly string[]): YamlMap | null {
    const bytes = this.#head.contents.get(file);
    const entry = this.#head.entries.get(file);
    if (bytes === undefined || entry === undefined) return null;
    this.#read.set(file, entry.blob);
    this.#count += 1;
    this.#bytes += bytes.byteLength;
    const node = parseYaml(file, bytes, this.#report, origin);
    if (node === null) return null;
    checkShape(node, this.#report);
    const own = mapOf(node);
    if (own === null) return null;
    const layers = itemsOf(entryOf(own, "include")?.value).flatMap((item) =>
      this.#include(item, [...chain, file]),
    );
    const included = layers.reduce<YamlMap | null>(
      (merged, layer) => mergeFiles(merged, layer, this.#report),
      null,
    );
    return included ? mergeFiles(included, own, this.#report) : own;
  }

  #include(node: YamlNode, chain: readonly string[]): readonly YamlMap[] {
    const written = this.#written(node);
    if (written === null || !this.#mayInclude(written, chain)) return [];
    this.#origins.includes(written.path, written.span);
    const included = { span: written.span, within: written.within };
    const origin: Pick<Origin, "included"> & OriginInputs = {
      inputs: new Map(),
      inputSpans: new Map(),
      included,
    };
    const map = this.read(written.path, origin, chain);
    if (map === null) return [];
    const declared = mapOf(entryOf(map, "inputs")?.value);
    // Every scalar of this reading holds its origin, which learns its values only now.
    origin.inputs = inputValues(
      declared,
      written.given,
      { span: written.span, needsAll: true },
      this.#report,
    );
    origin.inputSpans = inputSpans(declared, written.given);
    return [withoutKeys(map)];
  }

  #written(node: YamlNode): WrittenInclude | null {
    const map = mapOf(node);
    const pathNode = map ? entryOf(map, "local")?.value : node;
    const path = textOf(pathNode);
    if (path === null || pathNode?.kind !== "scalar") return null;
    const given = givenInputs(mapOf(entryOf(map, "inputs")?.value), this.#report);
    return { path, span: pathNode.span, within: pathNode.origin, given };
  }

  #mayInclude({ path, span }: WrittenInclude, chain: readonly string[]): boolean {
    const { entries } = this.#head;
    if (chain.includes(path)) {
      const circle = [...chain.slice(chain.indexOf(path)), path].map((one) => `\`${one}\``).join(" -> ");
      this.#report.add("DC1605", span, `Files include each other in a circle: ${circle}`);
    } else if (!path.startsWith(INCLUDE_FOLDER) || path.split("/").includes("..")) {
      this.#report.add(
        "DC1604",
        span,
        `\`${path}\` is not below \`${INCLUDE_FOLDER}\`; only files there can be included`,
      );
    } else if (!entries.get(path)?.mode.startsWith("100") || !this.#head.contents.has(path)) {
      const near = [...entries.keys()].filter((one) => one.startsWith(INCLUDE_FOLDER));
      this.#report.add("DC1604", span, `The commit has no file \`${path}\`${didYouMean(path, near)}`);
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

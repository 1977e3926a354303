import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { isGlobProblem, MATCH_WORK_MAX, matchesGlob, parseGlob } from "../../globs/index.ts";
import { entryOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlMap, YamlNode } from "../../yaml/nodes.ts";
import { FILES_MAX, type Reading, repositoryPath } from "../files.ts";
import { leftOut, scalarText, scalarTexts } from "../reader.ts";
import { merged } from "./merge.ts";

/** The file over everything that it includes from its own repository. What lies elsewhere is told. */
export function withIncluded(root: YamlMap, reading: Reading, report: Report): YamlMap {
  return new Inclusion(reading, report).over(root);
}

class Inclusion {
  readonly #reading: Reading;
  readonly #report: Report;
  readonly #taken = new Set<string>();

  constructor(reading: Reading, report: Report) {
    this.#reading = reading;
    this.#report = report;
  }

  over(root: YamlMap): YamlMap {
    const below = itemsOf(entryOf(root, "include")?.value).flatMap((item) => this.#included(item));
    return [...below, root].reduce(merged);
  }

  #included(item: YamlNode): readonly YamlMap[] {
    const map = mapOf(item);
    const local = map === null ? item : entryOf(map, "local")?.value;
    const written = scalarText(local ?? null);
    const problem = this.#problem(map, written);
    if (problem !== null || written === null) {
      leftOut(this.#report, item.span, `This file ${problem ?? "has no path"}; it was not read`);
      return [];
    }
    const paths = this.#paths(written);
    if (paths.length === 0)
      leftOut(this.#report, item.span, `There is no file ${quote(written)} beside this one; it was not read`);
    return paths.flatMap((path) => this.#read(path, item.span));
  }

  /** Why an entry cannot be followed; null when it can. */
  #problem(map: YamlMap | null, written: string | null): string | null {
    const keys = [...(map?.entries.keys() ?? [])];
    const elsewhere = keys.find((key) =>
      ["project", "remote", "template", "component", "artifact"].includes(key),
    );
    if (elsewhere !== undefined)
      return `is of another place (\`${elsewhere}\`); convert it as well and include what comes of it, or write its jobs here`;
    if (written === null) return null;
    if (/^https?:/.test(written)) return "is of another place; convert it as well, or write its jobs here";
    if (keys.includes("rules"))
      return "is included by `rules`, which has no counterpart; include it for all events or not at all";
    if (keys.includes("inputs")) return "is given `inputs`; write its jobs here with their values";
    if (written.includes("$")) return "has a path made of variables; write the path";
    return null;
  }

  #paths(written: string): readonly string[] {
    const path = repositoryPath(written);
    if (path === null) return [];
    if (!/[*?]/.test(path)) return [path];
    const glob = parseGlob(path);
    if (isGlobProblem(glob)) return [];
    const budget = { left: MATCH_WORK_MAX };
    return this.#reading
      .list()
      .filter((one) => /\.ya?ml$/.test(one) && matchesGlob(glob, one, budget))
      .toSorted();
  }

  #read(path: string, span: Span): readonly YamlMap[] {
    if (this.#taken.has(path) || this.#taken.size >= FILES_MAX) return [];
    this.#taken.add(path);
    const map = this.#reading.parse(path, this.#report);
    if (map !== null) return [this.over(map)];
    leftOut(
      this.#report,
      span,
      `${quote(path)} is no file of the repository that can be read, and was left out`,
    );
    return [];
  }
}

/** What `inherit` says of a key that jobs take from the file. */
export function inherits(job: YamlMap, kind: "default" | "variables"): (name: string) => boolean {
  const node = entryOf(mapOf(entryOf(job, "inherit")?.value), kind)?.value;
  if (node?.kind === "list") {
    const names = new Set(scalarTexts(node));
    return (name) => names.has(name);
  }
  const isOff = scalarText(node ?? null) === "false";
  return () => !isOff;
}

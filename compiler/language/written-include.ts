import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { PinnedRequest } from "../pinned.ts";
import type { Origin, YamlNode, YamlScalar } from "../yaml/nodes.ts";
import { type GivenInput, givenInputs } from "./inputs.ts";
import { entryOf, mapOf, scalarOf, textOf } from "./read.ts";

/** One entry of `include`. */
export interface WrittenInclude {
  readonly what: IncludedThing;
  /** The value that names the file. */
  readonly span: Span;
  /** The reading that the include stands in. */
  readonly within: Origin;
  readonly given: ReadonlyMap<string, GivenInput>;
}

export type IncludedThing =
  | { readonly kind: "local"; readonly path: string }
  | { readonly kind: "pinned"; readonly request: PinnedRequest; readonly spans: PinnedSpans }
  | { readonly kind: "template"; readonly name: string };

/** Where the parts of a pinned include are written. */
export interface PinnedSpans {
  readonly repo: Span;
  readonly file: Span;
  readonly sha256: Span;
}

const KINDS = ["local", "repo", "template"] as const;

/** An entry of `include`; null for one that says nothing usable, which is reported. */
export function writtenInclude(node: YamlNode, report: Report): WrittenInclude | null {
  const map = mapOf(node);
  if (map === null) return included(node, (path) => ({ kind: "local", path }), new Map());
  const written = KINDS.flatMap((key) => entryOf(map, key) ?? []);
  const [first, second] = written;
  if (first === undefined) {
    // The parts of a pinned include without their repository are told by the shape.
    if (!["ref", "sha256", "file"].some((key) => map.entries.has(key)))
      report.add("DC1102", map.span, "An include has `local`, `repo` or `template`");
    return null;
  }
  if (second !== undefined) {
    const related = [{ span: first.keySpan, message: `\`${first.key}\` stands here` }];
    const message = `An include has \`${first.key}\` or \`${second.key}\`, not both`;
    report.add("DC1111", second.keySpan, message, { related });
    return null;
  }
  const given = givenInputs(mapOf(entryOf(map, "inputs")?.value), report);
  if (first.key === "local") return included(first.value, (path) => ({ kind: "local", path }), given);
  if (first.key === "template") return included(first.value, (name) => ({ kind: "template", name }), given);
  const [repo, ref, file, sha256] = ["repo", "ref", "file", "sha256"].map((key) =>
    scalarOf(entryOf(map, key)?.value),
  );
  const texts = [repo, ref, file, sha256].map(plainText);
  const [repoText, refText, fileText, digest] = texts;
  if (!repo || !file || !sha256 || !repoText || !refText || !fileText || !digest) return null;
  const request = { repo: repoText, ref: refText, file: fileText, sha256: digest };
  const spans = { repo: repo.span, file: file.span, sha256: sha256.span };
  return { what: { kind: "pinned", request, spans }, span: file.span, within: file.origin, given };
}

function included(
  node: YamlNode,
  what: (text: string) => IncludedThing,
  given: WrittenInclude["given"],
): WrittenInclude | null {
  const text = textOf(node);
  if (text === null || node.kind !== "scalar") return null;
  return { what: what(text), span: node.span, within: node.origin, given };
}

/** A pinned include goes to git as arguments: what has a line break or begins with `-` is no part of one. */
function plainText(node: YamlScalar | null | undefined): string | null {
  const text = textOf(node);
  return text === null || text.startsWith("-") || /[\u0000-\u001f\u007f]/.test(text) ? null : text;
}

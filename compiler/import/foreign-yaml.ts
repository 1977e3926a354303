import { CST, Lexer } from "yaml";
import { CONFIG_FILE_BYTES_MAX } from "../../schemas/limits.ts";
import type { Report } from "../diagnostics/report.ts";
import { parseYaml } from "../yaml/index.ts";
import type { YamlList, YamlMap, YamlNode } from "../yaml/nodes.ts";

/** GitLab's word for «what stands at that path»; it means something before a list only. */
const REFERENCE = "!reference";
/** Lists that were written behind it. */
const references = new WeakSet<YamlList>();

/** Whether the list is a path to what stands in its place. */
export function isReference(list: YamlList): boolean {
  return references.has(list);
}

/**
 * Reads a file of another system. It is the YAML that we read ourselves, but for two things of GitLab: `!reference`
 * before a list, and a header with `spec` in a document of its own before the file's. Places stay those of the file.
 */
export function parseForeign(file: string, bytes: Uint8Array, report: Report): YamlNode | null {
  if (bytes.byteLength > CONFIG_FILE_BYTES_MAX) return parseYaml(file, bytes, report);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (!text.includes(REFERENCE) && !text.includes("\n---")) return parseYaml(file, bytes, report);
  const { plain, places } = withoutOurs(text);
  const node = parseYaml(file, new TextEncoder().encode(plain), report);
  if (node !== null && places.size > 0) mark(node, places, new Set());
  return node;
}

/** The text with blanks in place of what our YAML does not have, and the places where referring lists begin. */
function withoutOurs(text: string): { readonly plain: string; readonly places: ReadonlySet<number> } {
  const places = new Set<number>();
  let plain = "";
  let isNextScalar = false;
  let isBehind = false;
  let hasHeader = false;
  for (const lexeme of new Lexer().lex(text)) {
    const isText: boolean = isNextScalar;
    isNextScalar = lexeme === CST.SCALAR && !isText;
    if (!isText && (lexeme === CST.SCALAR || lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END)) continue;
    const type = isText ? "scalar" : CST.tokenType(lexeme);
    if (type === "tag" && lexeme === REFERENCE) {
      plain += " ".repeat(lexeme.length);
      isBehind = true;
      continue;
    }
    if (isBehind && type === "flow-seq-start") places.add(plain.length);
    if (type !== "space" && type !== "newline") isBehind = false;
    if (type === "doc-start" && !hasHeader && /^spec:/m.test(plain)) {
      hasHeader = true;
      plain = plain.replace(/[^\n]/g, " ");
    }
    plain += lexeme;
  }
  return { plain, places };
}

/** Aliased nodes are shared, so each is visited once. */
function mark(node: YamlNode | YamlMap, places: ReadonlySet<number>, seen: Set<YamlNode>): void {
  if (node.kind === "scalar" || seen.has(node)) return;
  seen.add(node);
  if (node.kind === "list" && places.has(node.span.start)) references.add(node);
  const below = node.kind === "list" ? node.items : Array.from(node.entries.values(), ({ value }) => value);
  for (const one of below) mark(one, places, seen);
}

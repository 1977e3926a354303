import type { Report } from "../diagnostics/report.ts";
import { composeDocument } from "./compose.ts";
import { decodeText } from "./decode.ts";
import { type Origin, PIPELINE_ORIGIN, type YamlNode } from "./nodes.ts";
import { readOrdinary } from "./ordinary.ts";
import { resolveDocument } from "./resolve.ts";
import { scanTokens } from "./scan.ts";
import { tooMany } from "./past-limit.ts";

/**
 * Reads one configuration file. Null when it is not readable YAML, with findings that say why.
 * Bounded whatever the bytes are: size, depth, keys, aliases and faults have limits (limits.ts),
 * and the ones that protect the parser are held before it runs.
 */
export function parseYaml(
  file: string,
  bytes: Uint8Array,
  report: Report,
  origin: Origin = PIPELINE_ORIGIN,
): YamlNode | null {
  const text = decodeText(file, bytes, report);
  if (text === null) return null;
  const read = readOrdinary(file, text, origin);
  if (read?.kind !== "too many") return read ?? parseText(file, text, origin, report);
  const [code, message] = tooMany(read.what);
  report.add(code, read.span, message);
  return null;
}

/** What the YAML library makes of a text of any kind: the whole language, and the words for what is wrong. */
export function parseText(file: string, text: string, origin: Origin, report: Report): YamlNode | null {
  const lexemes = scanTokens(file, text, report);
  if (lexemes === null) return null;
  const document = composeDocument(file, text, lexemes, report);
  if (document === null) return null;
  const root = resolveDocument(file, text, document, origin, report);
  const isEmpty = document.contents === null || (root?.kind === "scalar" && root.value === null);
  if (!isEmpty) return root;
  report.add("DC1002", { file, start: 0, end: 0 }, `\`${file}\` has no content`);
  return null;
}

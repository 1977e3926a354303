import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import type { Diagnostic, Place, Span } from "../../schemas/diagnostic.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { TreeSnapshot } from "../input.ts";
import { displayPath } from "../paths.ts";
import type { FoundComponent, Unreadable } from "./findings.ts";
import { attempt, readText } from "./manifest-text.ts";
import { append } from "./multimap.ts";

function diagnostic(
  code: DiagnosticCode,
  message: string,
  span: Span | null,
  related: Diagnostic["related"] = [],
): Diagnostic {
  return { code, severity: DIAGNOSTIC_CODES[code].severity, message, span, related };
}

/** Two components of one kind with one name: what asks for the name depends on both. */
export function ambiguousNames(snapshot: TreeSnapshot, components: readonly FoundComponent[]): Diagnostic[] {
  const byName = new Map<string, FoundComponent[]>();
  for (const component of sharingNames(components)) {
    append(byName, `${component.kind}\0${component.name}`, component);
  }
  return [...byName.values()]
    .filter((sharing) => sharing.length > 1)
    .map((sharing) => {
      const [first, ...others] = sharing.map(({ manifest }) => spanOf(snapshot, manifest));
      const roots = sharing.map(({ root }) => displayPath(root)).join(", ");
      const message = `the components ${roots} are all named ${JSON.stringify(sharing[0]?.name)}; each goes by its folder`;
      const related = others.map((span) => ({ span, message: "named here too" }));
      return diagnostic("DC1701", message, first ?? null, related);
    });
}

/** Those whose name another one has too, of whatever kind: in most repositories none. */
function sharingNames(components: readonly FoundComponent[]): FoundComponent[] {
  const once = new Set<string>();
  const often = new Set<string>();
  for (const { name } of components) {
    if (name !== null && once.size === once.add(name).size) often.add(name);
  }
  return often.size === 0 ? [] : components.filter(({ name }) => name !== null && often.has(name));
}

export function unreadableManifests(unreadable: readonly Unreadable[]): Diagnostic[] {
  return unreadable.map(({ path, why }) =>
    diagnostic("DC1702", `${displayPath(path)} cannot be read: ${why}`, { file: path, start: 0, end: 0 }),
  );
}

export function unknownDependency(
  snapshot: TreeSnapshot,
  component: string,
  place: Place,
  known: readonly string[],
): Diagnostic {
  const message = `there is no component ${JSON.stringify(component)}${didYouMean(component, known)}`;
  return diagnostic("DC1703", message, spanOf(snapshot, place));
}

export function unownedPath(path: string): Diagnostic {
  const message = `${displayPath(path)} changed and belongs to no component; declare one for it, or set \`unowned\``;
  return diagnostic("DC1704", message, null);
}

export function unknownUnowned(component: string, known: readonly string[]): Diagnostic {
  const message = `\`unowned\` names ${JSON.stringify(component)}, which is no component${didYouMean(component, known)}`;
  return diagnostic("DC1703", message, null);
}

/** The rest of the line at a place, for diagnostics, which speak in offsets. */
function spanOf(snapshot: TreeSnapshot, { file, line, column }: Place): Span {
  const read = attempt(() => readText(snapshot, file));
  const text = "value" in read ? (read.value ?? "") : "";
  let start = 0;
  for (let passed = 1; passed < line; passed += 1) start = text.indexOf("\n", start) + 1;
  start += column - 1;
  const end = text.indexOf("\n", start);
  return { file, start, end: end < 0 ? text.length : end };
}

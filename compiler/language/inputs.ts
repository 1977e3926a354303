import type { Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { entryOf, itemsOf, mapOf, scalarOf, textOf, valueOf } from "./read.ts";

/** Values by name; null for an input without a value and without a default. */
export type InputValues = ReadonlyMap<string, JsonScalar | null>;

/** A value that somebody gives to an input, and where, if it was written in a file. */
export interface GivenInput {
  readonly value: JsonScalar;
  readonly span: Span | null;
}

/** Whoever gives the values. */
export interface InputGiver {
  /** Where that is written; null for values that come with an event. */
  readonly span: Span | null;
  /** Whether an input without a value and without a default is a mistake. */
  readonly needsAll: boolean;
  /** Where the inputs are declared, for a value that none of them takes. */
  readonly declaredAt?: Span | null;
}

/**
 * The values of declared `inputs`: what is given, else the default. Unknown inputs, wrong types and
 * missing values are reported at the place they were given, else at the declaration.
 */
export function inputValues(
  declared: YamlMap | null,
  given: ReadonlyMap<string, GivenInput>,
  giver: InputGiver,
  report: Report,
): InputValues {
  const values = new Map<string, JsonScalar | null>();
  for (const entry of declared?.entries.values() ?? []) {
    const one = given.get(entry.key);
    const standard = defaultOf(entry, report);
    const value = one?.value ?? standard;
    if (value === null && giver.needsAll) {
      const related = [{ span: entry.keySpan, message: "declared here" }];
      report.add(
        "DC1607",
        giver.span ?? entry.keySpan,
        `The input \`${entry.key}\` has no value and no default`,
        { related },
      );
    }
    if (one) checkInput(entry, one, report);
    values.set(entry.key, value);
  }
  for (const [name, { span }] of given) {
    if (values.has(name)) continue;
    report.add(
      "DC1608",
      span ?? giver.span ?? giver.declaredAt ?? null,
      () => `There is no input ${quote(name)}${didYouMean(name, namesOf(values))}`,
    );
  }
  return values;
}

/** Where the value of each declared input was given, or else its default is written. */
export function inputSpans(
  declared: YamlMap | null,
  given: ReadonlyMap<string, GivenInput>,
): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  for (const entry of declared?.entries.values() ?? []) {
    const standard = entryOf(mapOf(entry.value), "default")?.value.span;
    spans.set(entry.key, given.get(entry.key)?.span ?? standard ?? entry.keySpan);
  }
  return spans;
}

/** Values written as a map of scalars, as under `include`. */
export function givenInputs(map: YamlMap | null, report: Report): ReadonlyMap<string, GivenInput> {
  const given = new Map<string, GivenInput>();
  for (const { key, value } of map?.entries.values() ?? []) {
    const scalar = valueOf(value, key, report);
    if (scalar !== null) given.set(key, { value: scalar, span: value.span });
  }
  return given;
}

function defaultOf(entry: YamlEntry, report: Report): JsonScalar | null {
  const written = entryOf(mapOf(entry.value), "default");
  const value = written && valueOf(written.value, `${entry.key}.default`, report);
  if (written && value !== null) checkInput(entry, { value, span: written.value.span }, report);
  return value;
}

function checkInput(entry: YamlEntry, { value, span }: GivenInput, report: Report): void {
  const map = mapOf(entry.value);
  const type = textOf(entryOf(map, "type")?.value) ?? "string";
  const related = [{ span: entry.keySpan, message: "declared here" }];
  if (typeof value !== type) {
    const message = `The input \`${entry.key}\` is a ${type}, not the ${typeof value} ${quote(String(value))}`;
    report.add("DC1609", span ?? entry.keySpan, message, { related });
    return;
  }
  const options = entryOf(map, "options");
  const allowed = itemsOf(options?.value).map((item) => scalarOf(item)?.value);
  if (options === null || allowed.includes(value)) return;
  const list = allowed.map((option) => `\`${String(option)}\``).join(", ");
  report.add(
    "DC1609",
    span ?? entry.keySpan,
    `The input \`${entry.key}\` must be one of ${list}, not ${quote(String(value))}`,
    { related },
  );
}

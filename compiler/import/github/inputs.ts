import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, mapOf, scalarOf } from "../../language/read.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import type { Known } from "./known.ts";

const EMPTY = { string: "", number: 0, boolean: false } as const;
type InputType = keyof typeof EMPTY;

const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/;

/** `inputs` of a manual start. */
export function inputsOf(inputs: KeyReader | null, report: Report): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { key, keySpan, value } of inputs?.entries() ?? []) {
    const map = mapOf(value);
    const reader = map === null ? null : new KeyReader(map, report);
    const type = typeOf(scalarText(reader?.node("type")));
    const description = scalarText(reader?.node("description")) ?? undefined;
    const isRequired = booleanOf(reader?.node("required")) === true;
    const written = scalarOf(reader?.node("default"))?.value ?? undefined;
    const options = scalarTexts(reader?.node("options"));
    reader?.take("deprecationMessage");
    reader?.finish(`the input ${quote(key)}`);
    if (!NAME.test(key)) {
      leftOut(report, keySpan, `${quote(key)} is no name of an input here and was left out`);
      continue;
    }
    const empty = type === "string" ? (options[0] ?? "") : EMPTY[type];
    const standard = written === undefined ? (isRequired ? undefined : empty) : ofType(written, type);
    if (
      standard === null ||
      (options.length > 0 && standard !== undefined && !options.includes(String(standard)))
    )
      changed(report, keySpan, `The default of ${quote(key)} is none of its values; it has to be given here`);
    const isGiven =
      standard !== undefined &&
      standard !== null &&
      (options.length === 0 || options.includes(String(standard)));
    found[key] = {
      ...(description === undefined || description === "" ? {} : { description: description.slice(0, 500) }),
      ...(type === "string" ? {} : { type }),
      ...(options.length > 0 ? { options: [...new Set(options)] } : {}),
      ...(isGiven ? { default: standard } : {}),
    };
  }
  return found;
}

function typeOf(written: string | null): InputType {
  return written === "boolean" || written === "number" ? written : "string";
}

/** Null when the value is none of that type. */
function ofType(value: string | number | boolean, type: InputType): string | number | boolean | null {
  if (type === "string") return String(value);
  if (typeof value === type) return value;
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : null;
  return Number.isFinite(Number(value)) ? Number(value) : null;
}

/** What inputs are in expressions: one without a default is null for every event but a manual start. */
export function knownInputs(inputs: Readonly<Record<string, unknown>>): ReadonlyMap<string, Known> {
  return new Map(
    Object.entries(inputs).map(([name, input]) => {
      const { type = "string", default: standard } = input as {
        readonly type?: InputType;
        readonly default?: unknown;
      };
      const empty = type === "string" ? "''" : String(EMPTY[type]);
      return [
        `inputs.${name}`,
        { type, text: standard === undefined ? `(inputs.${name} ?? ${empty})` : `inputs.${name}` },
      ];
    }),
  );
}

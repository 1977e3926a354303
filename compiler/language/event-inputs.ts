import type { PipelineEvent } from "../../schemas/event.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { type GivenInput, inputValues, type InputValues } from "./inputs.ts";
import { mergeMaps } from "./merge-maps.ts";
import { entryOf, mapOf, textOf } from "./read.ts";

type EventValues = Pick<PipelineEvent, "kind" | "inputs">;

/** What of an event counts for inputs: nothing but a person or the API gives any. */
export function inputsAsked({ kind, inputs }: EventValues): EventValues {
  return kind === "manual" || kind === "api" ? { kind, inputs } : { kind: "push", inputs: {} };
}

/**
 * The pipeline's inputs with their values for an event: `inputs`, and `on.manual.inputs` merged over them
 * when a person starts it. Only a person or the API gives values, so only then must all be there. A name
 * that only `on.manual` declares exists for every event, with its default or null.
 */
export function eventInputs(root: YamlMap, event: EventValues, report: Report): InputValues {
  const own = entryOf(root, "inputs");
  const manual = entryOf(mapOf(entryOf(mapOf(entryOf(root, "on")?.value), "manual")?.value), "inputs");
  const shared = mapOf(own?.value);
  const forPeople = mapOf(manual?.value);
  if (shared !== null && forPeople !== null) refuseOtherTypes(shared, forPeople, report);
  if (event.kind === "manual") {
    const declared = forPeople === null ? shared : mergeMaps(shared, forPeople, report);
    const giver = { span: null, needsAll: true, declaredAt: manual?.keySpan ?? own?.keySpan ?? null };
    return inputValues(declared, givenBy(event), giver, report);
  }
  const isAsked = event.kind === "api";
  const giver = { span: null, needsAll: isAsked, declaredAt: own?.keySpan ?? null };
  const unasked = inputValues(forPeople, new Map(), { span: null, needsAll: false }, report);
  return new Map([
    ...unasked,
    ...inputValues(shared, isAsked ? givenBy(event) : new Map<string, GivenInput>(), giver, report),
  ]);
}

function givenBy({ inputs }: EventValues): ReadonlyMap<string, GivenInput> {
  return new Map(Object.entries(inputs).map(([name, value]) => [name, { value, span: null }]));
}

/** The type of a name must not depend on who asks: expressions are checked once for all events. */
function refuseOtherTypes(shared: YamlMap, forPeople: YamlMap, report: Report): void {
  for (const entry of forPeople.entries.values()) {
    const other = shared.entries.get(entry.key);
    const written = entryOf(mapOf(entry.value), "type");
    if (other === undefined || written === null || typeOf(other) === typeOf(entry)) continue;
    const related = [{ span: other.keySpan, message: "declared for every event here" }];
    const message = `The input \`${entry.key}\` is a ${typeOf(other)} under \`inputs\` and cannot be a ${typeOf(entry)} here`;
    report.add("DC1152", written.value.span, message, { related });
  }
}

function typeOf(entry: YamlEntry): string {
  return textOf(entryOf(mapOf(entry.value), "type")?.value) ?? "string";
}

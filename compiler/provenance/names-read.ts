import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import { Report } from "../diagnostics/report.ts";
import { expressionsOf, namesIn, parseTemplate } from "../expressions/index.ts";
import { entryOf, mapOf, writtenText } from "../language/read.ts";
import type { RuleModel } from "../language/model.ts";
import { ruleSet } from "./merged-job.ts";
import type { YamlMap, YamlScalar } from "../yaml/nodes.ts";
import type { NameRead, SetBy } from "./model.ts";

interface Surroundings {
  readonly root: YamlMap;
  /** The rule of the pipeline that sets other `vars`. */
  readonly rule: RuleModel | null;
  readonly event: PipelineEvent;
  readonly placeOf: (span: Span) => Place;
  readonly textOf: (span: Span) => string;
}

/** Names that no file sets. */
const ELSEWHERE: Readonly<Record<string, SetBy>> = {
  event: "event",
  ref: "event",
  pr: "event",
  changes: "change",
  component: "components",
  needs: "run",
};

/** Finds the names that a text reads in its `${{ }}`, and where each was set. */
export class NameReader {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  readBy(scalar: YamlScalar, matrix: Readonly<Record<string, JsonScalar>> | null): readonly NameRead[] {
    if (!scalar.source.includes("${{")) return [];
    const source = { text: writtenText(scalar), written: scalar.source, span: scalar.span };
    const template = parseTemplate(source, new Report());
    const names = new Set(template === null ? [] : expressionsOf(template).flatMap(namesIn));
    return Array.from(names, (name) => this.#nameRead(name, scalar, matrix));
  }

  #nameRead(name: string, scalar: YamlScalar, matrix: Readonly<Record<string, JsonScalar>> | null): NameRead {
    const [owner = "", field = ""] = name.split(".");
    const elsewhere = ELSEWHERE[owner];
    if (elsewhere !== undefined) return { name, set_by: elsewhere, place: null, text: null };
    if (owner === "matrix")
      return { name, set_by: "pipeline", place: null, text: String(matrix?.[field] ?? null) };
    const span = owner === "inputs" ? this.#inputSpan(field, scalar) : this.#varSpan(field);
    if (span === null) return { name, set_by: "event", place: null, text: null };
    return { name, set_by: "pipeline", place: this.#around.placeOf(span), text: this.#around.textOf(span) };
  }

  #varSpan(name: string): Span | null {
    const { root, rule } = this.#around;
    const set = rule && mapOf(ruleSet(entryOf(root, "rules"), rule)?.value);
    const owners = [entryOf(set, "vars"), entryOf(root, "vars")];
    const entry = owners.map((vars) => entryOf(mapOf(vars?.value), name)).find((one) => one !== null);
    return entry?.value.span ?? null;
  }

  /** Null when the event gave the value. */
  #inputSpan(name: string, { origin }: YamlScalar): Span | null {
    if (origin.inputs !== null) return origin.inputSpans.get(name) ?? null;
    const { root, event } = this.#around;
    const isAsked = event.kind === "manual" || event.kind === "api";
    if (isAsked && Object.hasOwn(event.inputs, name)) return null;
    const declared = mapOf(entryOf(mapOf(entryOf(root, "inputs")?.value), name)?.value);
    return entryOf(declared, "default")?.value.span ?? null;
  }
}

import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanLateRead, PlanLateValue } from "../../schemas/plan-job-parts.ts";
import type { DecisionOutcome } from "../../schemas/plan.ts";
import type { Template } from "../expressions/index.ts";
import type { Binder } from "../language/bind.ts";
import { type LateRead, lateRead, readsLate } from "../language/late-reads.ts";
import type { NeedModel } from "../language/model.ts";
import { remembered } from "../remembered.ts";

export interface LateContext {
  readonly needs: readonly NeedModel[];
  readonly binder: Binder;
  readonly outcomeOf: (key: string) => DecisionOutcome | undefined;
  readonly placeOf: (span: Span) => Place;
}

export interface PlannedLate {
  /** What the plan knows after all: a job that it leaves out has its result, and no outputs. */
  readonly known: Readonly<Record<string, string>>;
  readonly late: readonly PlanLateValue[];
}

const NOTHING_LATE: PlannedLate = { known: {}, late: [] };

/** Whether one of these texts reads a needed job; the instances of a job ask it of the same. */
export const readLate = remembered((templates: ReadonlyMap<string, Template>): boolean =>
  [...templates.values()].some(readsLate),
);

/** The variables of an environment that read needed jobs; the others are left out. */
export function planLate(
  templates: ReadonlyMap<string, Template>,
  step: number | null,
  context: LateContext,
): PlannedLate {
  if (!readLate(templates)) return NOTHING_LATE;
  const known: [string, string][] = [];
  const late: PlanLateValue[] = [];
  for (const [variable, template] of templates) {
    if (!readsLate(template)) continue;
    const parts = joinTexts(template.parts.map((part) => planPart(part, context)));
    if (parts.every((part) => typeof part === "string")) known.push([variable, parts.join("")]);
    else late.push({ variable, step, parts, place: context.placeOf(template.span) });
  }
  return { known: Object.fromEntries(known), late };
}

function planPart(part: Template["parts"][number], context: LateContext): string | PlanLateRead {
  if (typeof part === "string") return part;
  const read = lateRead(part);
  return read === null ? context.binder.text({ parts: [part], span: part.span }) : planRead(read, context);
}

function planRead({ job, output }: LateRead, { needs, outcomeOf }: LateContext): string | PlanLateRead {
  const [key] = needs.find((need) => need.job.value === job)?.keys ?? [];
  const outcome = key === undefined ? "skipped" : (outcomeOf(key) ?? "skipped");
  if (key !== undefined && outcome === "selected") return { job: key, output };
  return output === null ? outcome : "";
}

/** Neighbouring texts as one, empty ones left out. */
function joinTexts(parts: readonly (string | PlanLateRead)[]): readonly (string | PlanLateRead)[] {
  const joined: (string | PlanLateRead)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "") joined.push(part);
  }
  return joined;
}

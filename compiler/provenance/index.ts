import type { Span } from "../../schemas/diagnostic.ts";
import { PlaceFinder, type SourceTexts } from "../diagnostics/index.ts";
import type { CompileInput } from "../input.ts";
import { inputTexts } from "../input-texts.ts";
import { loadPipeline } from "../language/index.ts";
import { compile, type RulesHeld } from "../plan/compile.ts";
import { EffectivePolicy } from "../policy/effective.ts";
import { BoundReader } from "./bounds.ts";
import { JobMerger } from "./merged-job.ts";
import type { Provenance } from "./model.ts";
import { NameReader } from "./names-read.ts";
import { Selection } from "./selection.ts";
import { Teller } from "./tell.ts";
import { JobTracer } from "./trace-job.ts";
import { PlanTracer } from "./trace-plan.ts";
import { ItemFinder } from "./written.ts";

export type * from "./model.ts";

/**
 * Where the values of a plan come from, in the plan's order; empty when the input has no plan. The input is
 * compiled again beside its files, so that a plan nobody asks about pays nothing. `wanted` is null for
 * everything, else a job's id or key, a path such as `jobs.test.timeout_ms`, or a JSON pointer; what stands
 * below it is part of the answer, which is empty when the plan has no such value.
 */
export function provenanceOf(input: CompileInput, wanted: string | null): readonly Provenance[] {
  const { model, root, origins } = loadPipeline(input);
  let rules: RulesHeld = { ofPipeline: null, ofJob: () => null };
  const { plan } = compile(input, (held) => {
    rules = held;
  });
  if (root === null || model === null || plan === null) return [];
  const sources = inputTexts(input);
  const places = new PlaceFinder(sources);
  const placeOf = (span: Span) => places.place(span.file, span.start);
  const textOf = textReader(sources);
  const names = new NameReader({ root, rule: rules.ofPipeline, event: plan.event, placeOf, textOf });
  const teller = new Teller(places, textOf, names);
  const selection = new Selection(wanted);
  const found: Provenance[] = [];
  const merger = new JobMerger(root);
  const items = new ItemFinder(places);
  const policy = new EffectivePolicy([model.policies, input.policy?.document ?? null]);
  const bounds = new BoundReader(root, policy);
  new PlanTracer(plan, { root, origins, bounds }, (leaf, cause) => {
    found.push(teller.tell(leaf, cause, () => null));
  }).trace();
  plan.jobs.forEach((job, index) => {
    const rule = rules.ofJob(job.key);
    const merged = selection.mayHold(job) ? merger.job(job.job, rule) : null;
    if (merged === null) return;
    new JobTracer({ plan: job, index, rule }, merged, { items, bounds }, (leaf, cause) => {
      found.push(teller.tell(leaf, cause, merged.layerOf));
    }).trace();
  });
  return found.filter((one) => selection.holds(one, plan));
}

/** The text of a span, each file decoded once. */
function textReader(sources: SourceTexts): (span: Span) => string {
  const texts = new Map<string, string>();
  return ({ file, start, end }) => {
    const text = texts.get(file) ?? sources(file) ?? "";
    texts.set(file, text);
    return text.slice(start, end);
  };
}

import type { PlanJob } from "../../schemas/plan.ts";
import type { Value } from "../expressions/index.ts";
import type { JobModel } from "../language/model.ts";
import { unreachable } from "../unreachable.ts";
import { Asked, type Question } from "./asked.ts";
import { planJob } from "./plan-job.ts";
import type { PlanJobContext } from "./plan-job-context.ts";
import type { PlanSize } from "./plan-size.ts";

/**
 * Characters of all jobs that are remembered, as JSON; as many as one plan may have. What they take is at most
 * four bytes for each: two for the value, of which most is the pipeline's own, and two for its text.
 */
const CHARACTERS_MAX = 32 * 2 ** 20;

/** What a job was planned as, and all that it followed from besides the job. */
interface Known {
  readonly own: PlanJob;
  readonly characters: number;
  readonly start: PlanJob["start"];
  readonly questions: readonly Question[];
}

/**
 * What the jobs of a pipeline were planned as, for plans of other commits with the same pipeline: a job for which
 * every question has the answer of before is the same job, down to its text. Holds up to CHARACTERS_MAX and then
 * starts anew; nothing in it keeps a pipeline alive.
 */
export class PlannedJobs {
  #known = new WeakMap<JobModel, Known>();
  #texts = new WeakMap<PlanJob, string | null>();
  readonly #charactersMax: number;
  #characters = 0;

  constructor(charactersMax = CHARACTERS_MAX) {
    this.#charactersMax = charactersMax;
  }

  /**
   * The job as `planJob` makes it, counted in `size`. The places of one pipeline never change. Only a job that the
   * pipeline itself holds, and not one made for a single plan, is met again.
   */
  plan(
    job: JobModel,
    context: PlanJobContext,
    { size, isLasting }: { readonly size: PlanSize; readonly isLasting: boolean },
  ): PlanJob {
    const known = this.#known.get(job);
    if (known !== undefined && holds(known, context)) {
      size.addMeasured(known.characters);
      return known.own;
    }
    if (!isLasting) {
      const own = planJob(job, context);
      size.addAlike(own);
      return own;
    }
    const asked = new Asked(context);
    const before = { findings: context.report.asked, characters: size.characters };
    const own = planJob(job, { ...context, ...asked.context });
    size.add(own);
    const isSilent = context.report.asked === before.findings;
    if (isSilent && !asked.readsFiles && !size.isPast) {
      const characters = size.characters - before.characters;
      this.#remember(job, { own, characters, start: context.start, questions: asked.questions });
    }
    return own;
  }

  #remember(job: JobModel, known: Known): void {
    this.#characters += known.characters;
    if (this.#characters > this.#charactersMax) {
      this.#known = new WeakMap();
      this.#texts = new WeakMap();
      this.#characters = known.characters;
    }
    this.#known.set(job, known);
    this.#texts.set(known.own, null);
  }

  /** The canonical JSON of a job that is remembered; null where it is not known. */
  textOf(planned: PlanJob): string | null {
    return this.#texts.get(planned) ?? null;
  }

  keepText(planned: PlanJob, text: string): void {
    if (!this.#texts.has(planned)) return;
    // Looking into a text puts its many parts together; that would otherwise be done again for each plan.
    text.charCodeAt(0);
    this.#texts.set(planned, text);
  }
}

function holds({ start, questions }: Known, context: PlanJobContext): boolean {
  return start === context.start && questions.every((question) => isAnswered(question, context));
}

/** Whether the answer is still that one. */
function isAnswered(
  { about, key, answer }: Question,
  { scope, outcomeOf, planned }: PlanJobContext,
): boolean {
  switch (about) {
    case "name":
      return isSame(scope.names.get(key), answer);
    case "outcome":
      return outcomeOf(key) === answer;
    case "needed":
      return planned.get(key) === answer;
    default:
      return unreachable(about);
  }
}

/** Of what an expression may read, maps are made anew for each plan, and hold texts, numbers and lists. */
function isSame(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (!(left instanceof Map) || !(right instanceof Map) || left.size !== right.size) return false;
  for (const [key, value] of left) if (!right.has(key) || right.get(key) !== value) return false;
  return true;
}

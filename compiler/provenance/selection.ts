import type { Plan, PlanJob } from "../../schemas/plan.ts";
import type { Provenance } from "./model.ts";

/** Which values somebody asks about; null means all of them. */
export class Selection {
  readonly #wanted: string | null;

  constructor(wanted: string | null) {
    this.#wanted = wanted;
  }

  /** False only when no value of the job can be meant, so that it need not be looked at. */
  mayHold({ key, job }: Pick<PlanJob, "key" | "job">): boolean {
    if (this.#wanted === null || this.#wanted.startsWith("/")) return true;
    return namesOf(this.#wanted).some(
      (wanted) => isWithin(wanted, `jobs.${key}`) || isWithin(wanted, `jobs.${job}`) || wanted === "jobs",
    );
  }

  holds({ path, pointer }: Provenance, plan: Plan): boolean {
    if (this.#wanted === null) return true;
    if (this.#wanted.startsWith("/")) return isWithin(pointer, this.#wanted, "/");
    const names = pathNames(path, pointer, plan);
    return namesOf(this.#wanted).some((wanted) => names.some((name) => isWithin(name, wanted)));
  }
}

/** `test.env` is short for `jobs.test.env`. */
function namesOf(wanted: string): readonly string[] {
  return [wanted, `jobs.${wanted}`];
}

/** A value of an instance goes by the instance's key, and by the id that all of them share. */
function pathNames(path: string, pointer: string, plan: Plan): readonly string[] {
  const index = /^\/jobs\/(\d+)/.exec(pointer)?.[1];
  const job = index === undefined ? undefined : plan.jobs[Number(index)];
  return job === undefined ? [path] : [path, `jobs.${job.job}${path.slice(`jobs.${job.key}`.length)}`];
}

function isWithin(path: string, whole: string, separator = "."): boolean {
  return path === whole || path.startsWith(whole.endsWith(separator) ? whole : `${whole}${separator}`);
}

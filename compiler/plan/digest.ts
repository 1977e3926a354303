import { createHash } from "node:crypto";
import type { PlanDigest } from "../../schemas/ids.ts";
import type { Plan, PlanJob } from "../../schemas/plan.ts";
import { displayPath } from "../paths.ts";
import { canonicalJson, CanonicalWriter } from "./canonical-json.ts";
import type { PlannedJobs } from "./planned-jobs.ts";

/** A plan and its RFC 8785 JSON. Whoever shows, stores or compares a plan uses this text. */
export interface CanonicalPlan {
  readonly plan: Plan;
  readonly canonical: string;
}

/** The plan with every text in it as people read it, where one holds half a surrogate pair. */
export function canonicalPlan(built: Plan, jobs: PlannedJobs): CanonicalPlan {
  const written = writePlan(built, jobs);
  if (written !== null) return { plan: built, canonical: written };
  const plan = present(built) as Plan;
  const canonical = canonicalJson(plan);
  if (canonical === null) throw new Error("a plan has no canonical JSON");
  return { plan, canonical };
}

/** As `canonicalJson`, with the text of each job that an earlier plan had as well. */
function writePlan(plan: Plan, jobs: PlannedJobs): string | null {
  const writer = new CanonicalWriter();
  // Joined once, at the end: a large plan is ten megabytes, and each copy of them costs as much as their digest.
  const pieces: string[] = [];
  for (const key of Object.keys(plan).toSorted() as (keyof Plan)[]) {
    pieces.push(`${pieces.length === 0 ? "{" : ","}"${key}":`);
    if (key === "jobs") writeList(plan.jobs, (job) => textOf(job, jobs, writer), pieces);
    else if (key === "decisions")
      writeList(plan.decisions, (decision) => writer.writeAlike(decision), pieces);
    else pieces.push(writer.write(plan[key]));
  }
  pieces.push("}");
  return writer.isPlain && writer.isWellFormed ? pieces.join("") : canonicalJson(plan);
}

function writeList<Item>(items: readonly Item[], write: (item: Item) => string, pieces: string[]): void {
  pieces.push("[");
  items.forEach((item, at) => {
    if (at > 0) pieces.push(",");
    pieces.push(write(item));
  });
  pieces.push("]");
}

function textOf(job: PlanJob, jobs: PlannedJobs, writer: CanonicalWriter): string {
  const known = jobs.textOf(job);
  if (known !== null) return known;
  const text = writer.writeAlike(job);
  if (writer.isPlain && writer.isWellFormed) jobs.keepText(job, text);
  return text;
}

/** SHA-256 of the canonical text, which is encoded as UTF-8. */
export function planDigest(canonical: string): PlanDigest {
  return `sha256:${createHash("sha256").update(canonical, "utf8").digest("hex")}` as PlanDigest;
}

/** A byte of a path that is no text reads `\\xff`; any other half of a pair is replaced. */
function present(value: unknown): unknown {
  if (typeof value === "string") return displayPath(value).toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(present);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [present(key), present(item)]));
}

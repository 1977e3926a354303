import { createHash } from "node:crypto";
import type { PlanDigest } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import { displayPath } from "../paths.ts";
import { canonicalJson } from "./canonical-json.ts";

/** A plan and its RFC 8785 JSON. Whoever shows, stores or compares a plan uses this text. */
export interface CanonicalPlan {
  readonly plan: Plan;
  readonly canonical: string;
}

/** The plan with every text in it as people read it, where one holds half a surrogate pair. */
export function canonicalPlan(built: Plan): CanonicalPlan {
  const written = canonicalJson(built);
  if (written !== null) return { plan: built, canonical: written };
  const plan = present(built) as Plan;
  const canonical = canonicalJson(plan);
  if (canonical === null) throw new Error("a plan has no canonical JSON");
  return { plan, canonical };
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

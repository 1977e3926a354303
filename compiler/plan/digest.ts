import { createHash } from "node:crypto";
import serialize from "canonicalize";
import type { PlanDigest } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import { displayPath } from "../paths.ts";

/** RFC 8785 JSON of the plan. Whoever shows, stores or compares a plan uses this text. */
export function canonicalPlan(plan: Plan): string {
  const text = serialize(plan);
  if (text === undefined) throw new Error("a plan has no canonical JSON");
  return text;
}

/** SHA-256 of the canonical text, which is encoded as UTF-8. */
export function planDigest(canonical: string): PlanDigest {
  return `sha256:${createHash("sha256").update(canonical, "utf8").digest("hex")}` as PlanDigest;
}

/** The same value with every path in it as people read it: canonical JSON knows no lone surrogate. */
export function presentable<Value>(value: Value): Value {
  return present(value) as Value;
}

/** Copies only what holds such a path; nearly always that is nothing. */
function present(value: unknown): unknown {
  if (typeof value === "string") return displayPath(value);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [displayPath(key), present(item), item] as const,
  );
  if (entries.every(([, shown, item]) => shown === item)) return value;
  if (Array.isArray(value)) return entries.map(([, shown]) => shown);
  return Object.fromEntries(entries.map(([key, shown]) => [key, shown]));
}

import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import type { JobModel } from "../language/model.ts";
import { isWithoutComponent } from "./judge-for-each.ts";
import { listNames, named } from "./sentence.ts";
import { type Verdict, verdict } from "./verdict.ts";

/**
 * The jobs a person named (by id, or by key for one cell of a matrix) run whatever their conditions
 * say, with everything they need for success. A need of another kind runs when it would run anyway.
 */
export function narrowToRequest(
  names: readonly string[],
  ordered: readonly JobModel[],
  judged: ReadonlyMap<string, Verdict>,
  report: Report,
): ReadonlyMap<string, Verdict> {
  const known = new Set(ordered.flatMap(({ id, key }) => [id, key]));
  for (const name of names) {
    if (!known.has(name))
      report.add("DC1251", null, `There is no job ${quote(name)} to run${didYouMean(name, known)}`);
  }
  const asked = new Set(names);
  const narrowed = new Map<string, Verdict>();
  for (const job of ordered.toReversed()) {
    const own = judged.get(job.key);
    if (own !== undefined && isWithoutComponent(job)) narrowed.set(job.key, own);
    else if (asked.has(job.id) || asked.has(job.key)) {
      narrowed.set(job.key, askedFor(own, "request", "it was asked for by name", job.span));
    }
    if (narrowed.get(job.key)?.outcome !== "selected") continue;
    for (const need of job.needs) {
      for (const key of need.keys) {
        const own = judged.get(key);
        if (need.when === "success") {
          narrowed.set(key, askedFor(own, "needs", `${named(job.key)} needs it`, need.job.span));
        } else if (own?.outcome === "selected" && !narrowed.has(key)) {
          narrowed.set(key, own);
        }
      }
    }
  }
  const others = `only ${listNames(names, "and")} ${names.length === 1 ? "was" : "were"} asked for`;
  for (const { key, span } of ordered) {
    if (!narrowed.has(key)) narrowed.set(key, verdict("skipped", "request", others, span));
  }
  return narrowed;
}

/** Nobody has to start what was asked for, and what its rule sets holds all the same. */
function askedFor(
  own: Verdict | undefined,
  clause: "request" | "needs",
  because: string,
  span: Span,
): Verdict {
  return verdict("selected", clause, because, span, { rule: own?.rule ?? null });
}

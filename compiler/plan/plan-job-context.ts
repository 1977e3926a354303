import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { AskedContext } from "./asked.ts";
import type { SharedParts } from "./shared-parts.ts";

/** What a job is planned from besides itself. */
export interface PlanJobContext extends AskedContext {
  readonly report: Report;
  readonly placeOf: (span: Span) => Place;
  readonly start: PlanJob["start"];
  /** Of this plan alone. */
  readonly shared: SharedParts;
}

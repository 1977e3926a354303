import type { Place } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";

/**
 * Who set a value. pipeline: somebody wrote it, at a place. default: nobody did, and Delta CI has a value
 * for that. event: it came with the event. change: it follows from what differs between base and head.
 * components: the component graph says so. run: it is known only when needed jobs have ended. program: it
 * names this program or how it counts. operators: their policy says so, at a place in a file of theirs.
 */
export type SetBy =
  | "pipeline"
  | "default"
  | "event"
  | "change"
  | "components"
  | "run"
  | "program"
  | "operators";

/** A layer between the place that wrote a value and the job that has it, nearest to the value first. */
export interface Through {
  readonly kind: "template" | "defaults" | "env" | "rule";
  /** The template's name; null for the others. */
  readonly name: string | null;
  /** The `extends` that takes the template in, the rule's `set`, or the key itself. */
  readonly place: Place;
}

/** A name that the text at the place reads, and where its value was set. */
export interface NameRead {
  readonly name: string;
  readonly set_by: SetBy;
  readonly place: Place | null;
  /** As written there; null without a place. */
  readonly text: string | null;
}

/** Where one value of a plan comes from. */
export interface Provenance {
  /** As people say it: `jobs.test[node=24].steps.0.run`. */
  readonly path: string;
  /** RFC 6901 pointer into the plan's JSON. */
  readonly pointer: string;
  /** A scalar, or an empty list or map, which has no values of its own. */
  readonly value: JsonScalar | null | readonly [] | Readonly<Record<string, never>>;
  readonly set_by: SetBy;
  /** Null unless somebody wrote it. */
  readonly place: Place | null;
  /** The value as written at the place, `${{ }}` and quotes included; null when only the operators have the file. */
  readonly text: string | null;
  /** The `include`s that lead from the place's file to the pipeline file, nearest first. */
  readonly included: readonly Place[];
  readonly through: readonly Through[];
  readonly reads: readonly NameRead[];
  /** The matrix cell whose job has the value. */
  readonly matrix: Readonly<Record<string, JsonScalar>> | null;
  /** What is not plain from the rest, such as `the first line of the command`. */
  readonly note: string | null;
}

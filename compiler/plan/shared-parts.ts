import type { Report } from "../diagnostics/report.ts";
import { Asked, type AskedContext } from "./asked.ts";

type Context = AskedContext & { readonly report: Report };

/** What a list without anything becomes. */
const NOTHING: readonly never[] = [];

/**
 * Parts of jobs that are the same for all instances of one: those whose making asks nothing of the instance and
 * finds nothing wrong. Each is made once in a plan, and written and measured once by whoever knows it again.
 */
export class SharedParts {
  /** null for those that each instance makes for itself. */
  readonly #made = new WeakMap<object, object | null>();

  /** What `make` gives for the model of a part, which it is given a context for. */
  of<Own extends Context, Value extends object>(
    model: object,
    context: Own,
    make: (context: Own) => Value,
  ): Value {
    const known = this.#made.get(model);
    // Nothing else is kept under this model than what was made of it.
    if (known !== undefined) return known === null ? make(context) : (known as Value);
    const asked = new Asked(context);
    const findings = context.report.asked;
    const made = make({ ...context, ...asked.context });
    const isShared = asked.isNothing && context.report.asked === findings;
    this.#made.set(model, isShared ? made : null);
    return made;
  }

  /** The same for a list, which is mostly empty. */
  list<Own extends Context, Model, Part>(
    models: readonly Model[],
    context: Own,
    make: (models: readonly Model[], context: Own) => readonly Part[],
  ): readonly Part[] {
    return models.length === 0 ? NOTHING : this.of(models, context, (own) => make(models, own));
  }
}

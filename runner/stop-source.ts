import type { CancelOrder } from "./lease/lease.ts";

export type StopCause =
  | { readonly kind: "canceled"; readonly order: CancelOrder }
  | { readonly kind: "lease_lost"; readonly why: string }
  | { readonly kind: "attempt_timeout" }
  | { readonly kind: "no_output_timeout"; readonly afterMs: number }
  /** A signal to the runner itself. */
  | { readonly kind: "told"; readonly signal: NodeJS.Signals };

/**
 * Why and how the job is to be stopped, from whatever side that comes. The first cause stays, but a
 * lost lease replaces any other, for nothing may be reported after it. `gently` asks for the grace;
 * `atOnce` ends the grace too.
 */
export class StopSource {
  readonly #gently = new AbortController();
  readonly #atOnce = new AbortController();
  #cause: StopCause | null = null;

  get cause(): StopCause | null {
    return this.#cause;
  }

  get gently(): AbortSignal {
    return this.#gently.signal;
  }

  get atOnce(): AbortSignal {
    return this.#atOnce.signal;
  }

  stop(cause: StopCause): void {
    const again = cause.kind === "told" && this.#cause?.kind === "told";
    if (this.#cause === null || cause.kind === "lease_lost") this.#cause = cause;
    this.#gently.abort();
    if (cause.kind === "lease_lost" || again) this.#atOnce.abort();
  }
}

import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { mapOf } from "../../language/read.ts";
import type { Env } from "../emit.ts";
import { changed } from "../reader.ts";

/** A secret that steps read. */
interface Read {
  readonly secret: string;
  readonly span: Span;
  steps: number;
}

/** Secrets of one job by variable. There a step has its own, here all steps of a job share them. */
export class StepSecrets {
  readonly #read = new Map<string, Read>();

  /**
   * Notes what one step reads. The lines give it variables whose name stands for another secret in a step
   * before it.
   */
  add(secrets: Env, env: YamlNode | undefined, script: Span): readonly string[] {
    const lines: string[] = [];
    for (const [variable, secret] of Object.entries(secrets)) {
      const span = mapOf(env)?.entries.get(variable)?.value.span ?? script;
      const known = this.#read.get(variable);
      if (known !== undefined && known.secret !== secret) {
        const own = `SECRET_${secret}`;
        this.#note(own, secret, span);
        lines.push(`export ${variable}="\${${own}}"`);
      } else this.#note(variable, secret, span);
    }
    return lines;
  }

  #note(variable: string, secret: string, span: Span): void {
    const known = this.#read.get(variable);
    if (known === undefined) this.#read.set(variable, { secret, span, steps: 1 });
    else known.steps += 1;
  }

  /** Secrets of the job, those that it has of its own included. Tells which of them more steps find than there. */
  ofJob(own: Env, steps: number, report: Report): Env {
    const all: Record<string, string> = { ...own };
    for (const [variable, { secret, span, steps: readers }] of this.#read) {
      if (readers < steps && all[variable] !== secret)
        changed(
          report,
          span,
          `The secret ${quote(secret)} is there for ${readers === 1 ? "this step" : `${readers} steps`} alone; here all ${steps} steps of the job find it in \`${variable}\``,
        );
      all[variable] = secret;
    }
    return all;
  }
}

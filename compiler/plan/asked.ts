import type { DecisionOutcome, PlanJob } from "../../schemas/plan.ts";
import type { Scope, Value } from "../expressions/index.ts";

/** What is asked of a context, apart from files. */
export type Question =
  | { readonly about: "name"; readonly key: string; readonly answer: Value | undefined }
  | { readonly about: "outcome"; readonly key: string; readonly answer: DecisionOutcome | undefined }
  | { readonly about: "needed"; readonly key: string; readonly answer: PlanJob | undefined };

/** What planning asks about one job. */
export interface AskedContext {
  readonly scope: Scope;
  /** What was decided on the job with this key. */
  readonly outcomeOf: (key: string) => DecisionOutcome | undefined;
  /** The jobs planned so far, what a job needs before it. */
  readonly planned: Pick<ReadonlyMap<string, PlanJob>, "get">;
}

/** Hands on what is asked of a context, and keeps each question with its answer. */
export class Asked {
  readonly questions: Question[] = [];
  /** Files may be other ones in every commit. */
  readsFiles = false;
  readonly context: AskedContext;

  constructor({ scope, outcomeOf, planned }: AskedContext) {
    const readFiles = (): Scope["files"] => {
      this.readsFiles = true;
      return scope.files;
    };
    const nameOf = (key: string): Value | undefined => {
      const answer = scope.names.get(key);
      this.questions.push({ about: "name", key, answer });
      return answer;
    };
    this.context = {
      scope: {
        names: { get: nameOf },
        get files() {
          return readFiles();
        },
      },
      outcomeOf: (key) => {
        const answer = outcomeOf(key);
        this.questions.push({ about: "outcome", key, answer });
        return answer;
      },
      planned: {
        get: (key) => {
          const answer = planned.get(key);
          this.questions.push({ about: "needed", key, answer });
          return answer;
        },
      },
    };
  }

  /** True while nothing was asked. */
  get isNothing(): boolean {
    return this.questions.length === 0 && !this.readsFiles;
  }
}

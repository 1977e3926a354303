import type { Span } from "../../schemas/diagnostic.ts";
import { entails, type Expression, negation, type Value } from "../expressions/index.ts";
import type { ConditionModel, IfModel, JobModel, PipelineModel, RuleModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/** What holds in every run that a fork's pull request starts. */
const FORK_RUN: readonly (readonly [string, Value])[] = [
  ["event.kind", "pull_request"],
  ["event.trust", "fork"],
  ["event.forced", false],
  ["event.deleted", false],
  ["pr.from_fork", true],
];

/** What its ref may be. */
const REF_KINDS = ["branch", "other"] as const;

/**
 * A job that asks for a secret or an identity token and that a fork's pull request reaches: it is blocked
 * there each time. Said unless the conditions prove that it is left out.
 */
export function reachableFromForks({ model, report }: LintInput): void {
  if (model.on.pullRequest?.forks !== true) return;
  const proof = new ForkProof(model);
  if (model.rules !== null && proof.leavesOut(model.rules)) return;
  const left = new Set(model.jobs.filter((job) => proof.leavesOutJob(job)).map(({ key }) => key));
  const isReached = ({ key, needs }: JobModel): boolean =>
    !left.has(key) &&
    !needs.some(({ when, keys }) => when === "success" && keys.some((one) => left.has(one)));
  for (const job of model.jobs.filter(isReached)) {
    const wish = wishOf(job);
    if (wish === null) continue;
    report.add(
      "DC1910",
      wish.span,
      `Pull requests from forks reach ${named(job.id)}, and there it is blocked: it asks for ${wish.what}, which forks never get; ` +
        "leave it out with `if: event.trust == 'trusted'`",
    );
  }
}

function wishOf({ secrets, idTokens }: JobModel): { readonly what: string; readonly span: Span } | null {
  const [secret] = secrets;
  if (secret !== undefined) return { what: `the secret ${named(secret.secret)}`, span: secret.span };
  const [token] = idTokens;
  return token === undefined
    ? null
    : { what: `the identity token ${named(token.variable)}`, span: token.span };
}

class ForkProof {
  readonly #worlds: readonly ReadonlyMap<string, Value>[];

  constructor({ vars }: PipelineModel) {
    const known = [...FORK_RUN, ...Array.from(vars, ([name, value]) => [`vars.${name}`, value] as const)];
    this.#worlds = REF_KINDS.map((kind) => new Map([...known, ["ref.kind", kind] as const]));
  }

  leavesOutJob({ condition, rules }: JobModel): boolean {
    if (condition !== null && this.#neverHolds(condition.if)) return true;
    return rules !== null && this.leavesOut(rules);
  }

  /** Whether no rule can run anything: those that would cannot hold, or one that never runs comes before. */
  leavesOut(rules: readonly RuleModel[]): boolean {
    for (const { condition, run } of rules) {
      if (this.#neverHolds(condition.if)) continue;
      if (run.value !== "never") return false;
      if (this.#alwaysHolds(condition)) return true;
    }
    return true;
  }

  #neverHolds(test: IfModel | null): boolean {
    return test !== null && this.#holds(negation(test.expression));
  }

  #alwaysHolds({ if: test, changes, components }: ConditionModel): boolean {
    return changes === null && components === null && (test === null || this.#holds(test.expression));
  }

  #holds(expression: Expression): boolean {
    return this.#worlds.every((known) => entails([], expression, known));
  }
}

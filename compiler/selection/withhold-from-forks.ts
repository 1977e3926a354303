import type { PipelineEvent } from "../../schemas/event.ts";
import type { JobModel } from "../language/model.ts";
import { named } from "./sentence.ts";
import { type Verdict, verdict } from "./verdict.ts";

/**
 * Blocks a job that asks for a secret or an identity token in a run from a fork: whoever opened the pull
 * request wrote its steps. Null for every other job. Nothing is put in the place of what is withheld, for
 * a job that runs without its secret fails later and with a worse reason, or does the wrong thing.
 */
export function withholdFromForks(
  { secrets, idTokens }: JobModel,
  trust: PipelineEvent["trust"],
): Verdict | null {
  if (trust !== "fork") return null;
  const [secret] = secrets;
  if (secret !== undefined) {
    const because = `it asks for the secret ${named(secret.secret)}, and runs from forks get no secrets`;
    return verdict("blocked", "trust", because, secret.span);
  }
  const [token] = idTokens;
  if (token === undefined) return null;
  const because = `it asks for the identity token ${named(token.variable)}, and runs from forks get none`;
  return verdict("blocked", "trust", because, token.span);
}

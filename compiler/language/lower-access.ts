import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";
import { literalText } from "./literal-text.ts";
import { type Lowering, lowerDuration, lowerTemplate } from "./lowering.ts";
import { TIMEOUT_BOUNDS } from "./lower-steps.ts";
import type {
  ApprovalModel,
  ConcurrencyModel,
  EnvironmentModel,
  IdTokenModel,
  JobParts,
  SecretModel,
} from "./model-parts.ts";
import type { StepModel } from "./model.ts";
import { checkGroup, checkTaken, checkUrl } from "./part-checks.ts";
import { entryOf, locatedTexts, mapOf, numberOf, textOf, wordOf } from "./read.ts";

/** A map from variable to secret, or a list of secrets whose variables have the same name. */
export function lowerSecrets(node: YamlNode | undefined): readonly SecretModel[] {
  const map = mapOf(node);
  if (map === null) {
    return locatedTexts(node).map(({ value, span }) => ({ variable: value, secret: value, span }));
  }
  return [...map.entries.values()].flatMap(({ key, keySpan, value }) => {
    const secret = textOf(value);
    return secret === null ? [] : [{ variable: key, secret, span: keySpan }];
  });
}

export function lowerIdTokens(node: YamlNode | undefined): readonly IdTokenModel[] {
  return [...(mapOf(node)?.entries.values() ?? [])].map(({ key, keySpan, value }) => ({
    variable: key,
    audiences: locatedTexts(value).map(({ value: audience }) => audience),
    span: keySpan,
  }));
}

/** One variable has one source: a secret, an identity token, or what is written in `env`. */
export function checkVariables(
  { secrets, idTokens }: Pick<JobParts, "secrets" | "idTokens">,
  { env, steps }: { readonly env: YamlMap | null; readonly steps: readonly StepModel[] },
  report: Report,
): void {
  const given = [...secrets, ...idTokens].map(({ variable, span }) => ({ value: variable, span }));
  checkTaken(given, "secret or token in the variable", report);
  for (const { value, span } of given) {
    const inStep = steps.find((step) => step.env.has(value))?.env.get(value);
    const written: Span | undefined = entryOf(env, value)?.keySpan ?? inStep?.span;
    if (written === undefined) continue;
    const related = [{ span: written, message: `\`${value}\` is set here` }];
    const message = `The variable \`${value}\` has a value in \`env\` as well; give one of them another name`;
    report.add("DC1127", span, message, { related });
  }
}

/** A text is short for the class of egress. */
export function lowerNetwork(node: YamlNode | undefined): JobParts["network"] {
  const egress = textOf(node) ?? textOf(entryOf(mapOf(node), "egress")?.value);
  return egress === null ? null : { egress };
}

/** A text is short for the group. */
export function lowerConcurrency(node: YamlNode | undefined, lowering: Lowering): ConcurrencyModel | null {
  const map = mapOf(node);
  const group = lowerTemplate(map === null ? node : entryOf(map, "group")?.value, lowering);
  if (group === null) return null;
  const value = literalText(group);
  if (value !== null) checkGroup({ value, span: group.span }, lowering.report);
  const conflict = entryOf(map, "on_conflict")?.value;
  return {
    group,
    limit: numberOf(entryOf(map, "limit")?.value) ?? 1,
    onConflict: wordOf(conflict, ["queue", "cancel_older", "latest"] as const) ?? "queue",
  };
}

export function lowerApproval(entry: YamlEntry | null, report: Report): ApprovalModel | null {
  const map = mapOf(entry?.value);
  if (entry === null || map === null) return null;
  const written = locatedTexts(entryOf(map, "approvers")?.value);
  const approvers = [...new Set(written.map(({ value }) => value))].toSorted();
  const minEntry = entryOf(map, "min");
  const min = numberOf(minEntry?.value) ?? 1;
  if (minEntry !== null && approvers.length > 0 && min > approvers.length) {
    const who = approvers.length === 1 ? "only one approver is" : `only ${approvers.length} approvers are`;
    const message = `\`min\` asks for ${min} approvals, and ${who} named; the job could never start`;
    report.add("DC1129", minEntry.value.span, message);
  }
  const expiresMs = lowerDuration(map, "expires", TIMEOUT_BOUNDS, report);
  return { approvers, min, expiresMs, span: entry.keySpan };
}

/** A text is short for the name. */
export function lowerEnvironment(node: YamlNode | undefined, lowering: Lowering): EnvironmentModel | null {
  const map = mapOf(node);
  const name = lowerTemplate(map === null ? node : entryOf(map, "name")?.value, lowering);
  if (name === null) return null;
  const url = lowerTemplate(entryOf(map, "url")?.value, lowering);
  const text = url && literalText(url);
  if (url !== null && text !== null) checkUrl({ value: text, span: url.span }, lowering.report);
  return { name, url };
}

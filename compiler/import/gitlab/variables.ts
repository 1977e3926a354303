import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type Env, plainText } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";

/** Predefined variables that an expression of ours gives. */
const KNOWN: Readonly<Record<string, string>> = {
  CI_COMMIT_SHA: "${{ event.head }}",
  CI_COMMIT_BEFORE_SHA: "${{ event.before ?? '' }}",
  CI_COMMIT_REF_NAME: "${{ ref.name }}",
  CI_COMMIT_BRANCH: "${{ ref.name }}",
  CI_DEFAULT_BRANCH: "${{ ref.default_branch ?? '' }}",
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "${{ pr.target ?? '' }}",
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "${{ pr.source ?? '' }}",
  CI: "true",
};

const USE = /\$\{?((?:CI|GITLAB)(?:_[A-Z0-9_]+)?)\b/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** `variables` as environment. */
export function variablesEnv(node: YamlNode | undefined, report: Report): Env {
  const env: Record<string, string> = {};
  for (const { key, keySpan, value } of mapOf(node)?.entries.values() ?? []) {
    const long = mapOf(value);
    const reader = long === null ? null : new KeyReader(long, report);
    const text = scalarText(reader === null ? value : reader.node("value"));
    reader?.finish(`the variable ${quote(key)}`);
    if (text === null || !NAME.test(key))
      leftOut(report, keySpan, `The variable ${quote(key)} has no plain value and was left out`);
    else {
      env[key] = KNOWN[/^\$\{?(\w+)\}?$/.exec(text)?.[1] ?? ""] ?? plainText(text);
      if (env[key].includes("$") && !env[key].includes("${{"))
        changed(
          report,
          value.span,
          `${quote(key)} refers to other variables; values are passed as they are written`,
        );
    }
  }
  return env;
}

/** The predefined variables that a script reads, where there is a value for them; the others are told. */
export function predefinedEnv(script: YamlNode, text: string, own: Env, report: Report): Env {
  const env: Record<string, string> = {};
  for (const [, name = ""] of text.matchAll(USE)) {
    if (Object.hasOwn(own, name)) continue;
    const value = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
    if (value === undefined)
      changed(report, script.span, `The script reads \`$${name}\`, which nothing sets`);
    else env[name] = value;
  }
  return env;
}

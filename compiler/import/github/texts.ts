import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type Env, plainText } from "../emit.ts";
import { changed, leftOut, scalarText } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";

const OPEN = "${{";
const CLOSE = "}}";

/** Text with its expressions converted; null when one has no counterpart, which is then told. */
export function convertText(text: string, span: Span, scope: Scope, report: Report): string | null {
  return fill(text, span, report, (source) => convertExpression(source, scope));
}

/**
 * A script. What anybody can choose becomes an environment variable: as text of the script it would be
 * run as code.
 */
export function convertScript(
  text: string,
  span: Span,
  scope: Scope,
  report: Report,
): { readonly run: string; readonly env: Env } | null {
  const env: Record<string, string> = {};
  const run = fill(text, span, report, (source) => {
    const converted = convertExpression(source, scope);
    if ("problem" in converted || converted.isTrusted) return converted;
    const name = source
      .trim()
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "");
    env[`VALUE_${name}`] = `\${{ ${converted.text} }}`;
    return { replacement: `\${VALUE_${name}}` };
  });
  if (run === null) return null;
  const names = Object.keys(env);
  if (names.length > 0)
    changed(
      report,
      span,
      `${names.join(", ")} stands in the script for values that anybody can choose; check its quotes`,
    );
  return { run, env };
}

type Hole = { readonly text: string } | { readonly problem: string } | { readonly replacement: string };

function fill(text: string, span: Span, report: Report, convert: (source: string) => Hole): string | null {
  let isWhole = true;
  let filled = "";
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = text.indexOf(CLOSE, open);
    if (close < 0) break;
    const source = text.slice(open + OPEN.length, close);
    const hole = convert(source);
    filled += text.slice(at, open);
    if ("text" in hole) filled += `${OPEN} ${hole.text} ${CLOSE}`;
    else if ("replacement" in hole) filled += hole.replacement;
    else {
      isWhole = false;
      const whole = text.slice(open, close + CLOSE.length);
      leftOut(report, span, `${quote(whole)} has no counterpart: ${hole.problem}`);
    }
    at = close + CLOSE.length;
  }
  return isWhole ? filled + plainText(text.slice(at)) : null;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** `env`; a value that cannot be converted leaves its variable unset, which is told. */
export function convertEnv(node: YamlNode | undefined, scope: Scope, report: Report): Env {
  const env: Record<string, string> = {};
  for (const { key, keySpan, value } of mapOf(node)?.entries.values() ?? []) {
    const text = scalarText(value) ?? (value.kind === "scalar" ? "" : null);
    const converted = text === null ? null : convertText(text, value.span, scope, report);
    if (converted !== null && NAME.test(key)) env[key] = converted;
    else if (text === null || !NAME.test(key))
      leftOut(report, keySpan, `The variable ${quote(key)} has no plain value and was left out`);
  }
  return env;
}

/** Variables that GitHub sets and an expression of ours gives. */
const PREDEFINED: Readonly<Record<string, string>> = {
  CI: "true",
  GITHUB_SHA: "${{ event.head }}",
  GITHUB_REF: "${{ ref.full }}",
  GITHUB_REF_NAME: "${{ ref.name }}",
  GITHUB_BASE_REF: "${{ pr.target ?? '' }}",
  GITHUB_HEAD_REF: "${{ pr.source ?? '' }}",
};

/** The predefined variables that a script reads; those without a value are told. */
export function predefinedEnv(script: string, span: Span, report: Report): Env {
  const env: Record<string, string> = {};
  for (const [, name = ""] of script.matchAll(/\$\{?((?:GITHUB|RUNNER)_[A-Z0-9_]+|CI)\b/g)) {
    const value = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
    if (value === undefined) changed(report, span, `The script uses \`$${name}\`, which nothing sets`);
    else env[name] = value;
  }
  return env;
}

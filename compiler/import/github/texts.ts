import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type Env, plainText } from "../emit.ts";
import { changed, leftOut, noted, scalarText } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";
import { type LateScope, type LateValue, lateValue, NO_LATE } from "./late.ts";

const OPEN = "${{";
const CLOSE = "}}";

/** Text with its expressions converted; null when one has no counterpart, which is then told. */
export function convertText(text: string, span: Span, scope: Scope, report: Report): string | null {
  return fill(text, span, report, (source) => holeOf(source, scope));
}

function holeOf(source: string, scope: Scope): Hole {
  const converted = convertExpression(source, scope);
  if ("problem" in converted || converted.fixed === undefined) return converted;
  return { replacement: plainText(converted.fixed) };
}

/** What a script, or an environment, needs beside its text. */
export interface Needed {
  readonly env: Env;
  /** Variables that hold secrets, with the secrets' names. */
  readonly secrets: Env;
  /** Lines before the script. */
  readonly lines: readonly string[];
}

/**
 * A script. What anybody can choose, and what is known only when the job runs, becomes an environment variable: as text
 * of the script it would be run as code.
 */
export function convertScript(
  text: string,
  span: Span,
  scope: Scope,
  report: Report,
  late: LateScope = NO_LATE,
): ({ readonly run: string } & Needed) | null {
  const env: Record<string, string> = {};
  const found = new Map<string, LateValue>();
  const run = fill(text, span, report, (source) => {
    const value = lateValue(source, late);
    if (typeof value === "string") return { problem: value };
    if (value !== null) {
      found.set(value.variable, value);
      return { replacement: `\${${value.variable}}` };
    }
    const converted = convertExpression(source, scope);
    if ("problem" in converted) return converted;
    if (converted.fixed !== undefined) return { replacement: plainText(converted.fixed) };
    if (converted.isTrusted) return converted;
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
  const values = [...found.values()];
  return {
    run,
    env: {
      ...env,
      ...Object.fromEntries(
        values.flatMap(({ variable, env: given }) => (given === null ? [] : [[variable, given]])),
      ),
    },
    secrets: Object.fromEntries(values.flatMap(({ secret }) => (secret === null ? [] : [[secret, secret]]))),
    lines: values.flatMap(({ line }) => line ?? []),
  };
}

type Hole =
  | { readonly text: string; readonly notes?: readonly string[] }
  | { readonly problem: string }
  | { readonly replacement: string };

function fill(text: string, span: Span, report: Report, convert: (source: string) => Hole): string | null {
  let isWhole = true;
  let filled = "";
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = text.indexOf(CLOSE, open);
    if (close < 0) break;
    const source = text.slice(open + OPEN.length, close);
    const hole = convert(source);
    if ("notes" in hole) for (const note of hole.notes ?? []) noted(report, span, `Here ${note}`);
    filled += text.slice(at, open);
    if ("replacement" in hole) filled += hole.replacement;
    else if ("text" in hole) filled += `${OPEN} ${hole.text} ${CLOSE}`;
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
  return convertEnvironment(node, scope, report, NO_LATE).env;
}

/** `env` with secrets, and with values that are known only when the job runs. */
export function convertEnvironment(
  node: YamlNode | undefined,
  scope: Scope,
  report: Report,
  late: LateScope,
): Needed {
  const env: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  const lines: string[] = [];
  const map = mapOf(node);
  if (node !== undefined && map === null && scalarText(node) !== null)
    leftOut(report, node.span, "This environment is computed and was left out");
  for (const { key, keySpan, value } of map?.entries.values() ?? []) {
    const text = scalarText(value) ?? (value.kind === "scalar" ? "" : null);
    if (text === null || !NAME.test(key)) {
      leftOut(report, keySpan, `The variable ${quote(key)} has no plain value and was left out`);
      continue;
    }
    const alone = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(text)?.[1];
    const found = alone === undefined ? null : lateValue(alone, late);
    if (typeof found === "string") leftOut(report, value.span, `${quote(text)} has no counterpart: ${found}`);
    else if (found?.secret) secrets[key] = found.secret;
    else if (found?.env) env[key] = found.env;
    else if (found !== null)
      lines.push(...(found.line === null ? [] : [found.line]), `export ${key}="\${${found.variable}}"`);
    else {
      const converted = convertText(text, value.span, scope, report);
      if (converted !== null) env[key] = converted;
    }
  }
  return { env, secrets, lines };
}

/** Variables that GitHub sets and an expression of ours gives. */
const PREDEFINED: Readonly<Record<string, string>> = {
  CI: "true",
  GITHUB_SHA: "${{ event.head }}",
  GITHUB_REF: "${{ ref.full }}",
  GITHUB_REF_NAME: "${{ ref.name }}",
  GITHUB_REF_TYPE: "${{ ref.kind }}",
  GITHUB_BASE_REF: "${{ pr.target ?? '' }}",
  GITHUB_HEAD_REF: "${{ pr.source ?? '' }}",
};
/** Set by lines before the script. */
const BY_LINES = new Set(["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_WORKSPACE", "RUNNER_TEMP"]);

/** The predefined variables that a script reads; those without a value are told. */
export function predefinedEnv(
  script: string,
  span: Span,
  scope: Scope,
  report: Report,
  isShell: boolean,
): Env {
  const env: Record<string, string> = {};
  for (const [, name = ""] of script.matchAll(/\$(?:env:)?\{?((?:GITHUB|RUNNER)_[A-Z0-9_]+|CI)\b/g)) {
    if (isShell && BY_LINES.has(name)) continue;
    const path = name.toLowerCase().replace("_", ".");
    const fixed = scope.known?.get(path)?.fixed;
    const value = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
    if (value !== undefined) env[name] = value;
    else if (fixed !== undefined) env[name] = plainText(fixed);
    else changed(report, span, `The script uses \`$${name}\`, which nothing sets`);
  }
  return env;
}

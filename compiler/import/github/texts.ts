import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { type Env, plainText } from "../emit.ts";
import { changed, leftOut, scalarText } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";
import { fill, type Hole, shellWord } from "./holes.ts";
import { type LateScope, lateValue, type Needed, NO_LATE, resultWords } from "./late.ts";
import { convertScript, neededOf } from "./scripts.ts";

/** Text with its expressions converted; null when one has no counterpart, which is then told. */
export function convertText(text: string, span: Span, scope: Scope, report: Report): string | null {
  return fill(text, span, report, (source) => holeOf(source, scope));
}

function holeOf(source: string, scope: Scope): Hole {
  const converted = convertExpression(source, scope);
  if ("problem" in converted || converted.fixed === undefined) return converted;
  return { replacement: plainText(converted.fixed) };
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
    else if (found?.env) {
      env[key] = found.env;
      if (found.line !== null) lines.push(resultWords(key));
    } else if (found !== null)
      lines.push(...neededOf([found], {}).lines, `export ${key}="\${${found.variable}}"`);
    else if (readsLate(text, late)) {
      const made = convertScript(shellWord(text), value.span, { scope, report, late, pastes: false });
      if (made === null) continue;
      Object.assign(env, made.env);
      Object.assign(secrets, made.secrets);
      lines.push(...made.lines, `export ${key}=${made.run}`);
    } else {
      const converted = convertText(text, value.span, scope, report);
      if (converted !== null) env[key] = converted;
    }
  }
  return { env, secrets, lines };
}

function readsLate(text: string, late: LateScope): boolean {
  return Array.from(text.matchAll(/\$\{\{((?:(?!\}\}).)*)\}\}/gs)).some(
    ([, source = ""]) => lateValue(source, late) !== null,
  );
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
  GITHUB_EVENT_NAME: "${{ event.kind }}",
};
/** Set by lines before the script. */
const BY_LINES = new Set([
  "GITHUB_OUTPUT",
  "GITHUB_ENV",
  "GITHUB_PATH",
  "GITHUB_STEP_SUMMARY",
  "GITHUB_WORKSPACE",
  "RUNNER_TEMP",
]);

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

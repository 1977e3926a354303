import type { Report } from "../../diagnostics/report.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import type { Env } from "../emit.ts";
import { changed } from "../reader.ts";
import { GIVEN_TEXTS, repositoryVariables } from "./names.ts";

/** Those that the shell works out from what every step has; the first line of a script then sets them. */
const BY_SCRIPT: Readonly<Record<string, string>> = {
  CI_PROJECT_DIR: 'CI_PROJECT_DIR="$DELTA_WORKSPACE"',
  CI_COMMIT_SHORT_SHA: 'CI_COMMIT_SHORT_SHA="$(printf %.8s "$DELTA_COMMIT")"',
  CI_COMMIT_TAG:
    'CI_COMMIT_TAG="$(case "$DELTA_REF" in refs/tags/*) printf %s "${DELTA_REF#refs/tags/}";; esac)"',
  CI_COMMIT_BRANCH:
    'CI_COMMIT_BRANCH="$(case "$DELTA_REF" in refs/heads/*) printf %s "${DELTA_REF#refs/heads/}";; esac)"',
  CI_COMMIT_REF_SLUG:
    "CI_COMMIT_REF_SLUG=\"$(printf %s \"$CI_COMMIT_REF_NAME\" | tr A-Z a-z | sed 's/[^a-z0-9]/-/g;s/^-*//' | cut -c1-63 | sed 's/-*$//')\"",
  CI_PIPELINE_SOURCE:
    'CI_PIPELINE_SOURCE="$(case "$CI_PIPELINE_SOURCE" in pull_request) printf merge_request_event;; manual) printf web;; *) printf %s "$CI_PIPELINE_SOURCE";; esac)"',
  GITLAB_CI: "GITLAB_CI=true",
};

/** Names that lines of the shell set, whatever the environment holds. */
export const SET_BY_SHELL: ReadonlySet<string> = new Set(Object.keys(BY_SCRIPT));

/** What a line makes its value of. */
const BEFORE_LINE: Env = { CI_PIPELINE_SOURCE: "${{ event.kind }}" };

/** Set by the runner under the same name. */
const SAME = new Set(["CI"]);

const USE = /\$\{?((?:CI|GITLAB)(?:_[A-Z0-9_]+)?)\b/g;

export interface PredefinedUse {
  readonly env: Env;
  /** Lines before the script. */
  readonly lines: readonly string[];
}

/** The predefined variables that a script reads, where there is a value for them; the others are told. */
export function predefinedUse(
  script: YamlNode,
  text: string,
  own: Env,
  { report, repository }: { readonly report: Report; readonly repository: string | null },
): PredefinedUse {
  const given = { ...GIVEN_TEXTS, ...repositoryVariables(repository), ...BEFORE_LINE };
  const env: Record<string, string> = {};
  const lines = new Map<string, string>();
  const names = new Set(Array.from(text.matchAll(USE), ([, name = ""]) => name));
  if (names.has("CI_COMMIT_REF_SLUG")) names.add("CI_COMMIT_REF_NAME");
  for (const name of names) {
    if (Object.hasOwn(own, name) || SAME.has(name)) continue;
    const expression = Object.hasOwn(given, name) ? given[name] : undefined;
    const line = Object.hasOwn(BY_SCRIPT, name) ? BY_SCRIPT[name] : undefined;
    if (expression !== undefined) env[name] = expression;
    if (line !== undefined) lines.set(name, `export ${line}`);
    if (expression === undefined && line === undefined)
      changed(report, script.span, `The script reads \`$${name}\`, which nothing sets; set it in \`env\``);
  }
  return { env, lines: [...lines.values()] };
}

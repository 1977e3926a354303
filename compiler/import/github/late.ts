import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { scalarText } from "../reader.ts";

/** A value that is known only when the job runs: a shell finds it, an expression of ours does not. */
export interface LateValue {
  /** Variable that a script reads it from. */
  readonly variable: string;
  /** Line that sets the variable before the script; null when the environment has it. */
  readonly line: string | null;
  /** Environment that gives it: `${{ needs.… }}`. */
  readonly env: string | null;
  /** Secret that gives it. */
  readonly secret: string | null;
}

/** What late values of one job may name. */
export interface LateScope {
  /** Ids of steps whose script writes outputs. */
  readonly steps: ReadonlySet<string>;
  /** Needed jobs. */
  readonly needs: ReadonlyMap<string, NeededJob>;
  /** Variables of the environment, whatever they hold. */
  readonly env: ReadonlySet<string>;
}

export interface NeededJob {
  /** Its id here; null for several, of which no result is the result. */
  readonly id: string | null;
  /** Its outputs, as what follows `needs.` here. */
  readonly outputs: ReadonlyMap<string, string>;
}

export const NO_LATE: LateScope = { steps: new Set(), needs: new Map(), env: new Set() };

/** What `${{ }}` reads, when a shell can find it; a text says why not, null that it is something else. */
export function lateValue(source: string, scope: LateScope): LateValue | string | null {
  const path = source.trim();
  const plain = { line: null, env: null, secret: null };
  if (path === "github.workspace") return { ...plain, variable: "DELTA_WORKSPACE" };
  if (path === "runner.temp") return { ...plain, variable: "TMPDIR" };
  if (path === "github.token" || path === "secrets.GITHUB_TOKEN")
    return "jobs are given no token of the forge; keep one as a secret under another name";
  const secret = /^secrets\.([A-Za-z_]\w*)$/.exec(path)?.[1];
  if (secret !== undefined) return { ...plain, variable: secret, secret };
  const own = /^env\.([A-Za-z_]\w*)$/.exec(path)?.[1];
  if (own !== undefined && scope.env.has(own)) return { ...plain, variable: own };
  const [, step, output] = /^steps\.([\w-]+)\.outputs\.([\w-]+)$/.exec(path) ?? [];
  if (step !== undefined && output !== undefined)
    return scope.steps.has(step)
      ? {
          ...plain,
          variable: named("STEP", step, output),
          line: `${named("STEP", step, output)}=${readOutput(step, output)}`,
        }
      : `no step \`${step}\` of this job writes outputs that were converted`;
  const [, job, value] = /^needs\.([\w-]+)\.(?:outputs\.([\w-]+)|result)$/.exec(path) ?? [];
  return job === undefined ? null : needed(job, value ?? null, scope);
}

function needed(job: string, output: string | null, scope: LateScope): LateValue | string {
  const need = scope.needs.get(job);
  if (need === undefined) return `\`${job}\` is not among the \`needs\` that were converted`;
  const path =
    output === null ? (need.id === null ? undefined : `${need.id}.result`) : need.outputs.get(output);
  if (path === undefined)
    return `\`${job}\` has no ${output === null ? "result" : `output \`${output}\``} that was converted`;
  const variable = named("NEEDS", job, output ?? "result");
  return { variable, line: null, env: `\${{ needs.${path} }}`, secret: null };
}

function named(...parts: readonly string[]): string {
  return parts
    .join("_")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_");
}

/** Shell that reads the last `NAME=value` that a step wrote. */
export function readOutput(step: string, output: string): string {
  return `"$(sed -n 's/^${output}=//p' "$TMPDIR/output-${step}" | tail -n 1)"`;
}

/** Ids of the steps whose own script writes outputs, one `NAME=value` a line. */
export function writingSteps(node: YamlNode | undefined): ReadonlySet<string> {
  return new Set(
    itemsOf(node).flatMap((item) => {
      const map = mapOf(item);
      const id = scalarText(map?.entries.get("id")?.value);
      const run = scalarText(map?.entries.get("run")?.value) ?? "";
      return id !== null && /^[\w-]+$/.test(id) && run.includes("GITHUB_OUTPUT") ? [id] : [];
    }),
  );
}

const ENV_FILE = '"$TMPDIR/environment"';
const PATH_FILE = '"$TMPDIR/path"';

/** Lines before a script that give it what it writes to, and what steps before it wrote there. */
export function fileLines(
  run: string,
  id: string | null,
  before: { readonly env: boolean; readonly path: boolean },
): readonly string[] {
  const lines: string[] = [];
  if (before.env) lines.push(linesOf(ENV_FILE, 'export "$line"'));
  if (before.path) lines.push(linesOf(PATH_FILE, 'PATH="$line:$PATH"'));
  if (run.includes("GITHUB_OUTPUT")) lines.push(`export GITHUB_OUTPUT="$TMPDIR/output-${id ?? "none"}"`);
  if (run.includes("GITHUB_ENV")) lines.push(`export GITHUB_ENV=${ENV_FILE}; touch "$GITHUB_ENV"`);
  if (run.includes("GITHUB_PATH")) lines.push(`export GITHUB_PATH=${PATH_FILE}; touch "$GITHUB_PATH"`);
  if (run.includes("GITHUB_WORKSPACE")) lines.push('export GITHUB_WORKSPACE="$DELTA_WORKSPACE"');
  if (run.includes("RUNNER_TEMP")) lines.push('export RUNNER_TEMP="$TMPDIR"');
  return lines;
}

function linesOf(file: string, command: string): string {
  return `if [ -f ${file} ]; then while IFS= read -r line; do ${command}; done < ${file}; fi`;
}

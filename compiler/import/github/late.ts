import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import type { Env } from "../emit.ts";
import { scalarText } from "../reader.ts";
import { readOutput } from "./file-commands.ts";

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

/** What a script, or an environment, needs beside its text. */
export interface Needed {
  readonly env: Env;
  /** Variables that hold secrets, with the secrets' names. */
  readonly secrets: Env;
  /** Lines before the script. */
  readonly lines: readonly string[];
}

/** What late values of one job may name. */
export interface LateScope {
  /** Ids of steps whose script writes outputs. */
  readonly steps: ReadonlySet<string>;
  /** Needed jobs. */
  readonly needs: ReadonlyMap<string, NeededJob>;
  /** Variables of the environment, whatever they hold. */
  readonly env: ReadonlySet<string>;
  /** Whether a step writes variables for those after it. */
  readonly writesEnv?: boolean;
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
  if (own !== undefined && (scope.env.has(own) || scope.writesEnv === true))
    return { ...plain, variable: own };
  const [, step, output] = /^steps\.([\w-]+)\.outputs\.([\w-]+)$/.exec(path) ?? [];
  if (step !== undefined && output !== undefined)
    return scope.steps.has(step)
      ? {
          ...plain,
          variable: named("STEP", step, output),
          line: readOutput(named("STEP", step, output), step, output),
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
  return {
    variable,
    line: output === null ? resultWords(variable) : null,
    env: `\${{ needs.${path} }}`,
    secret: null,
  };
}

/** Gives a variable that holds how a job ended the word that is used there. */
export function resultWords(variable: string): string {
  return `case $${variable} in succeeded) ${variable}=success ;; failed|timed_out) ${variable}=failure ;; canceled) ${variable}=cancelled ;; blocked) ${variable}=skipped ;; esac; export ${variable}`;
}

function named(...parts: readonly string[]): string {
  return parts
    .join("_")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_");
}

/** Whether the own script of a step writes variables. */
export function writesVariables(node: YamlNode | undefined): boolean {
  return scriptsThatWrite(node).length > 0;
}

/** Whether the own script of a step may write this variable. */
export function mayWrite(node: YamlNode | undefined, variable: string): boolean {
  return scriptsThatWrite(node).some((script) => script.includes(variable));
}

function scriptsThatWrite(node: YamlNode | undefined): readonly string[] {
  return itemsOf(node).flatMap((item) => {
    const script = scalarText(mapOf(item)?.entries.get("run")?.value) ?? "";
    return script.includes("GITHUB_ENV") ? [script] : [];
  });
}

/** Ids of the steps whose own script may write outputs: it, or a program that it starts. */
export function writingSteps(node: YamlNode | undefined): ReadonlySet<string> {
  return new Set(
    itemsOf(node).flatMap((item) => {
      const map = mapOf(item);
      const id = scalarText(map?.entries.get("id")?.value);
      const run = scalarText(map?.entries.get("run")?.value) ?? "";
      return id !== null && /^[\w-]+$/.test(id) && run !== "" ? [id] : [];
    }),
  );
}

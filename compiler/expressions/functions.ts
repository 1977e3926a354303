import { createHash } from "node:crypto";
import { Range, SemVer } from "semver";
import { isGlobProblem, matchesGlob, parseGlob } from "../globs/index.ts";
import type { Value } from "./ast.ts";
import { TEXT_CHARACTERS_MAX } from "./limits.ts";
import { ANY, BOOLEAN, listOf, STRING, type Type } from "./types.ts";
import { fromJson, isList, isScalar, kindOf, toJson } from "./values.ts";

/** What a function may reach beside its arguments. */
export interface CallContext {
  /** Files of the head commit with their git blob ids. */
  readonly files: Iterable<{ readonly path: string; readonly blob: string }>;
  /** Charges work to the evaluation; throws EvaluationProblem when its limit is reached. */
  spend(cost: number): void;
}

/** Why an evaluation has no value. Thrown inside the engine, a result outside of it. */
export class EvaluationProblem extends Error {}

export interface ExpressionFunction {
  readonly parameters: readonly Type[];
  /** How often the last parameter may come; 1 when absent. */
  readonly repeatsLast?: true;
  readonly result: Type;
  readonly call: (values: readonly Value[], context: CallContext) => Value;
}

/** Every function an expression may call. None reads a clock, a network, or anything but the commit. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map<string, ExpressionFunction>([
  ["contains", { parameters: [ANY, ANY], result: BOOLEAN, call: contains }],
  [
    "starts_with",
    { parameters: [STRING, STRING], result: BOOLEAN, call: ([a, b]) => text(a).startsWith(text(b)) },
  ],
  [
    "ends_with",
    { parameters: [STRING, STRING], result: BOOLEAN, call: ([a, b]) => text(a).endsWith(text(b)) },
  ],
  ["glob", { parameters: [STRING, STRING], result: BOOLEAN, call: globMatches }],
  ["semver", { parameters: [STRING, STRING], result: BOOLEAN, call: semverMatches }],
  ["lower", { parameters: [STRING], result: STRING, call: ([a]) => text(a).toLowerCase() }],
  ["upper", { parameters: [STRING], result: STRING, call: ([a]) => text(a).toUpperCase() }],
  ["join", { parameters: [listOf(ANY), STRING], result: STRING, call: join }],
  ["to_json", { parameters: [ANY], result: STRING, call: writeJson }],
  ["from_json", { parameters: [STRING], result: ANY, call: readJson }],
  ["exists", { parameters: [STRING], result: BOOLEAN, call: exists }],
  ["hash_files", { parameters: [STRING], repeatsLast: true, result: STRING, call: hashFiles }],
]);

function contains([within, item]: readonly Value[], context: CallContext): Value {
  if (typeof within === "string") return within.includes(text(item));
  if (within === undefined || !isList(within)) {
    throw new EvaluationProblem(`\`contains\` looks into a string or a list, not ${kindOf(within ?? null)}`);
  }
  context.spend(within.length);
  return within.includes(item ?? null);
}

function join([list, separator]: readonly Value[], context: CallContext): Value {
  if (list === undefined || !isList(list)) {
    throw new EvaluationProblem(`\`join\` takes a list, not ${kindOf(list ?? null)}`);
  }
  const items = list.map((item) => {
    if (!isScalar(item))
      throw new EvaluationProblem(`\`join\` takes a list of scalars; one item is ${kindOf(item)}`);
    return String(item);
  });
  context.spend(items.length);
  return bounded(items.join(text(separator)));
}

function writeJson([value]: readonly Value[], context: CallContext): Value {
  const json = toJson(value ?? null);
  context.spend(json.length / 64);
  return bounded(json);
}

function readJson([source]: readonly Value[]): Value {
  try {
    return fromJson(JSON.parse(text(source)));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new EvaluationProblem("`from_json` was given a text that is not JSON", { cause: error });
  }
}

function semverMatches([version, range]: readonly Value[]): Value {
  return malformed(() => new Range(text(range)), "a version range").test(
    malformed(() => new SemVer(text(version)), "a version"),
  );
}

function malformed<Parsed>(parse: () => Parsed, what: string): Parsed {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new EvaluationProblem(`\`semver\` was given a text that is not ${what}`, { cause: error });
  }
}

function globMatches([pattern, path]: readonly Value[], context: CallContext): Value {
  return compileGlob(text(pattern), context)(text(path));
}

function exists([pattern]: readonly Value[], context: CallContext): Value {
  const matches = compileGlob(text(pattern), context);
  for (const { path } of context.files) if (matches(path)) return true;
  return false;
}

/** SHA-256 over path and blob id of every file that matches, in path order; the same on every machine. */
function hashFiles(patterns: readonly Value[], context: CallContext): Value {
  const matchers = patterns.map((pattern) => compileGlob(text(pattern), context));
  const found = Array.from(context.files).filter(({ path }) => matchers.some((matches) => matches(path)));
  found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const hash = createHash("sha256");
  for (const { path, blob } of found) hash.update(`${path}\0${blob}\n`);
  return found.length === 0 ? "" : hash.digest("hex");
}

function compileGlob(source: string, context: CallContext): (path: string) => boolean {
  const glob = parseGlob(source);
  if (isGlobProblem(glob)) throw new EvaluationProblem(`the glob \`${source.slice(0, 60)}\`: ${glob.detail}`);
  return (path) => {
    const budget = { left: WORK_PER_MATCH };
    const matched = matchesGlob(glob, path, budget);
    context.spend(1 + (WORK_PER_MATCH - Math.max(0, budget.left)) / 64);
    return matched;
  };
}

/** Steps one path may take against one glob before the answer is given up. */
const WORK_PER_MATCH = 100_000;

function text(value: Value | undefined): string {
  if (typeof value !== "string")
    throw new EvaluationProblem(`a string was expected, not ${kindOf(value ?? null)}`);
  return value;
}

function bounded(result: string): string {
  if (result.length > TEXT_CHARACTERS_MAX) {
    throw new EvaluationProblem(`the text is longer than ${TEXT_CHARACTERS_MAX} characters`);
  }
  return result;
}

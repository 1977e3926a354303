import { PLAN_JOBS_CEILING, PLAN_JOBS_MAX } from "../schemas/limits.ts";
import { writeData, writeJson } from "./output.ts";
import { type PlainLine, type PlainShape, readPlainly } from "./plain-words.ts";

export const AFFECTED_SHAPE = {
  values: ["base", "head"],
  switches: ["worktree", "full", "json"],
  takesWords: false,
} as const satisfies PlainShape<string, string>;

export const PLAN_SHAPE = {
  values: ["base", "head", "out", "max-jobs"],
  switches: ["worktree", "all", "json"],
  takesWords: true,
} as const satisfies PlainShape<string, string>;

const NO_FLAGS: ReadonlySet<string> = new Set(["DELTA_DEBUG", "DELTA_HANDED_OVER", "DELTA_INCLUDE_FROM"]);

type LineOf<Shape> = Shape extends PlainShape<infer Value, infer Switch> ? PlainLine<Value, Switch> : never;

/**
 * Runs `affected` or `plan` where the command line is plain, as nearly all are. The framework that reads
 * any command line takes longer to load than such a command to work, and is then not loaded at all. False
 * when it has to be.
 */
export async function ranPlainly(argv: readonly string[]): Promise<boolean> {
  if (Object.keys(process.env).some(mayBeFlag)) return false;
  const [command, ...rest] = argv;
  if (command === "affected") return affectedPlainly(plainChange(readPlainly(rest, AFFECTED_SHAPE)));
  if (command === "plan") return planPlainly(plainChange(readPlainly(rest, PLAN_SHAPE)));
  return false;
}

/** Each flag can be given by the environment too. */
function mayBeFlag(variable: string): boolean {
  return variable.startsWith("DELTA_") && !NO_FLAGS.has(variable);
}

/** The two name the same thing; which is meant is for the parser to ask. */
function plainChange<Line extends LineOf<typeof AFFECTED_SHAPE> | LineOf<typeof PLAN_SHAPE>>(
  line: Line | null,
): Line | null {
  return line?.values.head !== undefined && line.switches.has("worktree") ? null : line;
}

async function affectedPlainly(line: LineOf<typeof AFFECTED_SHAPE> | null): Promise<boolean> {
  if (line === null) return false;
  const { affectedHere, affectedText } = await import("./affected.ts");
  const { base, head } = line.values;
  const report = await affectedHere({ base, head, worktree: line.switches.has("worktree") });
  if (line.switches.has("json")) writeJson(report);
  else writeData(affectedText(report, line.switches.has("full")));
  return true;
}

async function planPlainly(line: LineOf<typeof PLAN_SHAPE> | null): Promise<boolean> {
  if (line === null) return false;
  const { values, switches, words } = line;
  const jobs = plainLimit(values["max-jobs"]);
  if (jobs === null) return false;
  const { planHere } = await import("./plan.ts");
  const json = switches.has("json");
  const answer = await planHere({
    base: values.base,
    head: values.head,
    worktree: switches.has("worktree"),
    event: null,
    jobs: words,
    provenance: null,
    all: switches.has("all"),
    limits: { jobs },
    policy: null,
    out: values.out ?? null,
    json,
  });
  if (json) writeJson(answer);
  return true;
}

/** Null for a number that is none or out of bounds. */
function plainLimit(written: string | undefined): number | null {
  if (written === undefined) return PLAN_JOBS_MAX;
  const jobs = /^\d{1,9}$/.test(written) ? Number(written) : 0;
  return jobs >= 1 && jobs <= PLAN_JOBS_CEILING ? jobs : null;
}

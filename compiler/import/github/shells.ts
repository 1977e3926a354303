import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { Span } from "../../../schemas/diagnostic.ts";
import type { StepDraft } from "../emit.ts";
import { changed, leftOut } from "../reader.ts";
import { shellWord } from "./holes.ts";
import { languageOf } from "./scripts.ts";

type Program = readonly [string, ...string[]];

/** Programs that run a step's script, and what they are called with. */
const SHELLS: Readonly<Record<string, Program>> = {
  bash: ["bash", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
  python: ["python3", "-c"],
  pwsh: ["pwsh", "-Command"],
  powershell: ["powershell", "-Command"],
};
/** What runs a script when nobody says. */
const UNSAID: Program = ["bash", "-e", "-c"];

/** How programs that are named with flags, as in `bash -el {0}`, are given a text in place of a file. */
const FLAG_OF_TEXT: Readonly<Record<string, string>> = {
  bash: "-c",
  sh: "-c",
  dash: "-c",
  zsh: "-c",
  python: "-c",
  python3: "-c",
  node: "-e",
  perl: "-e",
  ruby: "-e",
};

/** One step, its script apart from the lines of a POSIX shell that it needs before it. */
export interface ScriptStep {
  readonly draft: StepDraft;
  readonly lines: readonly string[];
  /** As it is written; null when nobody says, undefined when any will do. */
  readonly shell: string | null | undefined;
}

function programOf(shell: string | null): Program | null {
  if (shell === null) return UNSAID;
  const known = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (known !== undefined) return known;
  const [program = "", ...flags] =
    /^([\w-]+(?: -[\w-]+| pipefail)*) \{0\}$/.exec(shell)?.[1]?.split(" ") ?? [];
  const flag = Object.hasOwn(FLAG_OF_TEXT, program) ? FLAG_OF_TEXT[program] : undefined;
  return flag === undefined ? null : [program, ...flags, flag];
}

/**
 * A job has one shell here, and there each step its own. Where they differ, or need what only a POSIX shell can give
 * them, the others are called by that one.
 */
export function inOneShell(
  steps: readonly ScriptStep[],
  { fallback, isWindows }: { readonly fallback: string | null; readonly isWindows: boolean },
  span: Span,
  report: Report,
): { readonly shell: readonly string[]; readonly steps: readonly StepDraft[] } {
  if (isWindows && !steps.every(({ shell, lines }) => lines.length === 0 || canTakeLines(shell)))
    return withoutLines(steps, { fallback, isWindows }, span, report);
  const asked = [...new Set(steps.flatMap(({ shell }) => (shell === undefined ? [] : [shell])))];
  for (const shell of asked)
    if (programOf(shell) === null && shell !== null)
      changed(report, span, `The shell ${quote(shell)} has no counterpart; its steps run in bash`);
  const needsLines = steps.some(
    ({ shell, lines }) => shell !== undefined && lines.length > 0 && !isPosix(shell),
  );
  const [only = fallback] = asked;
  const isOne = asked.length <= 1 && !needsLines;
  if (!isOne && isWindows)
    changed(report, span, `Steps ask for several shells; all of them run in ${quote(only ?? "bash")}`);
  if (isOne || isWindows) {
    const drafts = steps.map(({ draft, lines }) => ({ ...draft, run: [...lines, draft.run].join("\n") }));
    return { shell: programOf(only) ?? UNSAID, steps: drafts };
  }
  const outer = asked.includes(fallback) && isPosix(fallback) ? fallback : (asked.find(isPosix) ?? null);
  return {
    shell: programOf(outer) ?? UNSAID,
    steps: steps.map((step) => ({ ...step.draft, run: runIn(outer, step) })),
  };
}

function isPosix(shell: string | null): boolean {
  return languageOf(shell ?? "bash") === "posix" || programOf(shell) === null;
}

/** There a shell that nobody names is PowerShell. */
function canTakeLines(shell: ScriptStep["shell"]): boolean {
  return shell !== undefined && shell !== null && isPosix(shell);
}

/** On Windows nothing calls one shell from another: what needs lines of a POSIX shell is left out. */
function withoutLines(
  steps: readonly ScriptStep[],
  machine: Parameters<typeof inOneShell>[1],
  span: Span,
  report: Report,
): ReturnType<typeof inOneShell> {
  const kept = steps.filter(({ shell, lines }) => lines.length === 0 || canTakeLines(shell));
  for (const { draft } of steps.filter((step) => !kept.includes(step) && step.draft.run !== ""))
    leftOut(
      report,
      span,
      `The step ${quote(draft.name ?? draft.run)} reads what only lines of a POSIX shell can find out, and was left out: write \`shell: bash\` in it`,
    );
  return inOneShell(kept, machine, span, report);
}

function runIn(outer: string | null, { draft, lines, shell }: ScriptStep): string {
  // The two forms of bash differ in nothing else.
  if (outer === null && shell === "bash") return ["set -o pipefail", ...lines, draft.run].join("\n");
  if (outer === "bash" && shell === null) return ["set +o pipefail", ...lines, draft.run].join("\n");
  const program = shell === undefined || shell === outer ? null : programOf(shell);
  const script = program === null ? draft.run : `${program.join(" ")} ${shellWord(draft.run)}`;
  return [...lines, script].join("\n");
}

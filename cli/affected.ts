import { affectedReport } from "../compiler/components/index.ts";
import { unreachable } from "../compiler/unreachable.ts";
import { worktreeCommit } from "../control-plane/git/index.ts";
import type { AffectedCause, AffectedComponent, AffectedReport } from "../schemas/components.ts";
import type { ChangeFlags } from "./change-flags.ts";
import { paint } from "./output.ts";
import { readChange } from "./read-change.ts";
import { openHere, readingGit } from "./repository.ts";
import { COMPONENTS, shownOnTerminal } from "./shown-on-terminal.ts";
import { terminalText } from "./terminal-text.ts";

/** Causes shown for one component; the rest is counted. */
const CAUSES_SHOWN = 5;

/** Digits of a commit, as a plan and a check show it; `--json` has all of them. */
const COMMIT_SHOWN = 12;

/** What a change in the repository around this process affects. */
export async function affectedHere(flags: ChangeFlags): Promise<AffectedReport> {
  const repository = await openHere();
  return readingGit(async () => {
    const head = flags.worktree ? await worktreeCommit(repository) : flags.head;
    const { changes, result } = await readChange(repository, head, flags.base);
    return affectedReport(changes, result);
  });
}

/** Each affected component with its causes, those that changed themselves first; on a terminal the first of many unless `full`. */
export function affectedText(report: AffectedReport, full: boolean): string {
  const direct = new Set(report.direct.map(({ root }) => root));
  const [first, rest] = [true, false].map((is) =>
    report.affected.filter(({ root }) => direct.has(root) === is),
  );
  const { shown, left } = shownOnTerminal([...(first ?? []), ...(rest ?? [])], full, COMPONENTS);
  const more = `  … ${counted(left.length, "more component")}; --full lists them all`;
  return [
    `${counted(report.affected.length, "component")} affected, ${changedText(report)}`,
    ...shown.flatMap(componentLines),
    ...(left.length === 0 ? [] : [more]),
    ...report.uncertain.map(
      ({ code, detail }) =>
        `${paint("yellow", "doubt")} ${code}: ${terminalText(detail, { colours: false })}`,
    ),
  ].join("\n");
}

function changedText({ base, merge_base: mergeBase, changed }: AffectedReport): string {
  const since = mergeBase ?? base;
  if (since === null) return "everything counts as changed: no base was found";
  return `${counted(changed.length, "path")} changed since ${since.slice(0, COMMIT_SHOWN)}`;
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function componentLines({ id, root, because }: AffectedComponent): string[] {
  const name = terminalText(id === root ? root : `${id} (${root})`, { colours: false });
  const shown = because
    .slice(0, CAUSES_SHOWN)
    .map((cause) => `    ${terminalText(causeText(cause), { colours: false })}`);
  const more = because.length > CAUSES_SHOWN ? [`    and ${because.length - CAUSES_SHOWN} more`] : [];
  return [`  ${paint("bold", name)}`, ...shown, ...more];
}

function causeText(cause: AffectedCause): string {
  switch (cause.cause) {
    case "path":
      return `${cause.status} ${cause.path}`;
    case "dependency": {
      const place = cause.place === null ? "" : `, ${cause.place.file}:${cause.place.line}`;
      return `depends on ${cause.on} (${cause.edge}${place})`;
    }
    case "lockfile":
      return `${cause.lockfile} resolves differently: ${cause.packages.join(", ")}`;
    case "uncertain":
      return `${cause.code}: ${cause.detail}`;
    default:
      return unreachable(cause);
  }
}

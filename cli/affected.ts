import { affectedReport } from "../compiler/components/index.ts";
import { unreachable } from "../compiler/unreachable.ts";
import { worktreeCommit } from "../control-plane/git/index.ts";
import type { AffectedCause, AffectedComponent, AffectedReport } from "../schemas/components.ts";
import type { ChangeFlags } from "./change-flags.ts";
import { paint } from "./output.ts";
import { readChange } from "./read-change.ts";
import { openHere, readingGit } from "./repository.ts";
import { terminalText } from "./terminal-text.ts";

/** Causes shown for one component; the rest is counted. */
const CAUSES_SHOWN = 5;

/** What a change in the repository around this process affects. */
export async function affectedHere(flags: ChangeFlags): Promise<AffectedReport> {
  const repository = await openHere();
  return readingGit(async () => {
    const head = flags.worktree ? await worktreeCommit(repository) : flags.head;
    const { changes, result } = await readChange(repository, head, flags.base);
    return affectedReport(changes, result);
  });
}

export function affectedText(report: AffectedReport): string {
  const { affected, changed, base, merge_base: mergeBase } = report;
  const since = mergeBase ?? base;
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const from =
    since === null ? "no base was found, so everything counts as changed" : `since ${since.slice(0, 10)}`;
  return [
    `${count(affected.length, "component")} affected, ${count(changed.length, "path")} changed (${from})`,
    ...affected.flatMap(componentLines),
    ...report.uncertain.map(
      ({ code, detail }) =>
        `${paint("yellow", "doubt")} ${code}: ${terminalText(detail, { colours: false })}`,
    ),
  ].join("\n");
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

import type { Decision, Plan } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
import { counted, named } from "../selection/sentence.ts";
import { inReadingOrder } from "./plan-rows.ts";
import { countJobs, eventText, OUTCOME_WORDS } from "./plan-text.ts";
import { samePlanCommand } from "./same-plan-command.ts";

export interface MarkdownOptions {
  readonly digest: string;
  /** UTF-8 bytes; GitHub takes 65,535 in a summary. */
  readonly bytesMax: number;
}

/** Room for the sentence that says what was cut. */
const CUT_NOTICE_BYTES = 160;

/**
 * The decision trace as a check's summary. Where it does not fit, whole lines are left out from the
 * end of the lists, never the counts, and the text says how many.
 */
export function planMarkdown(plan: Plan, { digest, bytesMax }: MarkdownOptions): string {
  const head = headLines(plan);
  const tail = tailLines(plan, digest);
  const rows = inReadingOrder(plan).map(jobRow);
  const room = bytesMax - bytesOf([...head, ...TABLE_HEAD, ...tail]) - CUT_NOTICE_BYTES;
  const kept = fitting(rows, room);
  const cut = rows.length - kept.length;
  const table = kept.length === 0 ? [] : [...TABLE_HEAD, ...kept, ""];
  const notice =
    cut === 0 ? [] : [`_${counted(cut, "more job")} left out for length; \`delta plan\` shows all._`, ""];
  return [...head, ...table, ...notice, ...tail].join("\n");
}

const TABLE_HEAD = ["| | job | why | decided at |", "|---|---|---|---|"] as const;

function headLines(plan: Plan): readonly string[] {
  const { changes, components, uncertain } = plan;
  const since = changes.merge_base ?? changes.base;
  const base =
    since === null
      ? "no base: everything counts as changed"
      : `since ${named(since.slice(0, 12))} (${changes.rule})`;
  const paths = changes.paths.slice(0, 3).map(({ path }) => named(path));
  const more = changes.total > paths.length ? [`${changes.total - paths.length} more`] : [];
  const listed = changes.total === 0 ? "" : `: ${[...paths, ...more].join(", ")}`;
  const affected = components.affected.slice(0, 5).map(({ id }) => named(id));
  const others =
    components.affected.length > affected.length
      ? [`${components.affected.length - affected.length} more`]
      : [];
  const doubts = uncertain.map(({ code, detail }) => `- **doubt** ${named(code)}: ${prose(detail)}`);
  return [
    `**${countJobs(plan)}** for ${prose(eventText(plan))}.`,
    "",
    `- ${counted(changes.total, "changed path")} ${base}${listed}`,
    `- ${components.affected.length} of ${counted(components.total, "component")} affected${affected.length === 0 ? "" : `: ${[...affected, ...others].join(", ")}`}`,
    ...doubts,
    "",
  ];
}

function tailLines(plan: Plan, digest: string): readonly string[] {
  return [
    `Plan ${named(digest)}. The same plan on your machine:`,
    "",
    ...fenced(samePlanCommand(plan, "plan")),
    "",
  ];
}

/** A fence longer than any run of backquotes inside it. */
function fenced(text: string): readonly string[] {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return [`${fence}sh`, text, fence];
}

function jobRow({ key, outcome, because, required, place }: Decision): string {
  const optional = required ? "" : " _(not required)_";
  const at = `${place.file}:${place.line}`;
  const cells = [OUTCOME_WORDS[outcome], named(key) + optional, prose(because), named(at)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/**
 * A sentence with quoted names in it. Outside of the quotes nothing may act as markup; inside, a code
 * span shows every character as it is. Quotes that do not pair up one by one are no quotes.
 */
export function prose(sentence: string): string {
  const text = displayText(sentence);
  const pieces = text.split("`");
  const isQuoted = pieces.length % 2 === 1 && !text.includes("``");
  if (!isQuoted) return escapeMarkup(text);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : escapeMarkup(piece))).join("`");
}

function escapeMarkup(text: string): string {
  return text.replace(/[\\<>&*_[\]#@~!`|]/g, (found) => `&#${found.charCodeAt(0)};`);
}

function fitting(rows: readonly string[], room: number): readonly string[] {
  let used = 0;
  const end = rows.findIndex((row) => {
    used += Buffer.byteLength(row) + 1;
    return used > room;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

function bytesOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
}

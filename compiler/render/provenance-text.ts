import { displayText } from "../diagnostics/quote.ts";
import type { NameRead, Provenance, SetBy, Through } from "../provenance/index.ts";
import { counted } from "../selection/sentence.ts";
import { placeText } from "./explain-text.ts";
import { padEnd, styler, type StyleText, widest } from "./text-style.ts";

const WITHOUT_PLACE = {
  pipeline: "the pipeline",
  default: "the default of Delta CI",
  event: "the event",
  change: "what changed",
  components: "the component graph",
  run: "the run, when the needed job has ended",
  program: "this program",
  operators: "the operators' policy",
} as const satisfies Record<SetBy, string>;

/** Columns that a name or a value may take; a longer one pushes its own line only. */
const COLUMN_MAX = 40;
/** Characters of a value or of written text that a line shows. */
const SHOWN_MAX = 60;

/** Jobs that are all told where a screen is; of more, the first ones. Each takes some twenty lines. */
const GROUPS_TOLD_MAX = 20;
const GROUPS_SHOWN = 10;

/** A job is told under its key; the plan's own values are told under its name for them. */
const JOB_PATH = /^jobs\.(.+?)\.(?=[a-z_]+(?:\.|$))/;

/**
 * Each value with the place that set it, and under it what lies between: templates, includes and the names
 * that were read. Where more than one value is asked for, those that no file sets share a line. Unless `full`, of
 * very many jobs the first ones are told.
 */
export function renderProvenance(
  values: readonly Provenance[],
  { colour, full }: { readonly colour: boolean; readonly full: boolean },
): string {
  const style = styler(colour);
  const groups = [...Map.groupBy(values, groupOf)];
  const told = full || groups.length <= GROUPS_TOLD_MAX ? groups : groups.slice(0, GROUPS_SHOWN);
  const texts = told.map(([name, group]) => groupText(name, group, values.length > 1, style));
  const left = groups.length - told.length;
  if (left > 0) texts.push(`… ${counted(left, "more job")}; name those you want, or --full for all`);
  return `${texts.join("\n\n")}\n`;
}

function groupOf({ path, pointer }: Provenance): string {
  return pointer.startsWith("/jobs/") ? (JOB_PATH.exec(path)?.[1] ?? path) : "the plan";
}

function groupText(name: string, values: readonly Provenance[], share: boolean, style: StyleText): string {
  const isShared = (value: Provenance): boolean => share && value.place === null;
  const told = values.filter((value) => !isShared(value));
  const rows = told.map((value) => ({ value, name: shortName(value), shown: valueText(value.value) }));
  const nameWidth = Math.min(COLUMN_MAX, widest(rows.map((row) => row.name)));
  const valueWidth = Math.min(COLUMN_MAX, widest(rows.map((row) => row.shown)));
  const lines = rows.flatMap((row) => {
    const head = `  ${padEnd(row.name, nameWidth)}  ${style("bold", padEnd(row.shown, valueWidth))}`;
    return [`${head}  ${sourceText(row.value)}`, ...detailLines(row.value, style)];
  });
  const shared = Array.from(Map.groupBy(values.filter(isShared), sharedBy), ([why, rest]) =>
    style("dim", `  ${why}: ${topNames(rest.map(shortName)).join(", ")}`),
  );
  return [style("bold", displayText(name)), ...lines, ...shared].join("\n");
}

function sharedBy({ set_by, note }: Provenance): string {
  return `${WITHOUT_PLACE[set_by]}${note === null ? "" : ` (${note})`}`;
}

function shortName({ path, pointer }: Provenance): string {
  return displayText(pointer.startsWith("/jobs/") ? path.replace(JOB_PATH, "") : path);
}

/** `shell.0` and `shell.1` are told as `shell`, and all of an event as `event`. */
function topNames(names: readonly string[]): readonly string[] {
  return [
    ...new Set(
      names.map((name) => name.replace(/^(event|changes|components|decisions|uncertain)\..*|\.\d.*$/, "$1")),
    ),
  ];
}

function sourceText({ set_by, place, text, note }: Provenance): string {
  const why = note === null ? "" : ` (${note})`;
  if (place === null) return `${WITHOUT_PLACE[set_by]}${why}`;
  if (text === null) return `${placeText(place)}  ${WITHOUT_PLACE[set_by]}${why}`;
  return `${placeText(place)}  ${writtenText(text)}${why}`;
}

function detailLines({ through, included, reads }: Provenance, style: StyleText): readonly string[] {
  const lines = [
    ...through.map(throughText),
    ...included.map((place) => `included at ${placeText(place)}`),
    ...reads.map(readText),
  ];
  return lines.map((line) => `      ${style("dim", line)}`);
}

function throughText({ kind, name, place }: Through): string {
  const what = name === null ? `\`${kind}\`` : `the template ${displayText(name)}, taken in`;
  return `through ${what} at ${placeText(place)}`;
}

function readText({ name, set_by, place, text }: NameRead): string {
  const value = text === null ? "" : ` = ${writtenText(text)}`;
  const where =
    place === null
      ? ` from ${set_by === "pipeline" ? "the matrix" : WITHOUT_PLACE[set_by]}`
      : ` at ${placeText(place)}`;
  return `reads ${displayText(name)}${value}${where}`;
}

function valueText(value: Provenance["value"]): string {
  return shortened(JSON.stringify(value));
}

/** The first line that says something; a block scalar begins with its header. */
function writtenText(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const first = /^[|>][-+0-9]*$/.test(lines[0] ?? "") ? (lines[1] ?? "") : (lines[0] ?? "");
  return shortened(lines.filter((line) => line !== "").length > 1 ? `${first} …` : first);
}

function shortened(text: string): string {
  const shown = displayText(text);
  return shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX - 1)}…` : shown;
}

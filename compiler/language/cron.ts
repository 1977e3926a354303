const FIELDS = [
  { name: "minute", min: 0, max: 59, words: [] },
  { name: "hour", min: 0, max: 23, words: [] },
  { name: "day of month", min: 1, max: 31, words: [] },
  {
    name: "month",
    min: 1,
    max: 12,
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of week", min: 0, max: 7, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
] as const;
type Field = (typeof FIELDS)[number];

/** What is wrong with a five-field cron text, as a sentence; null when nothing is. */
export function cronProblem(text: string): string | null {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) {
    return `\`${text}\` has ${parts.length} fields; a schedule has five: minute, hour, day of month, month, day of week`;
  }
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? "";
    if (!part.split(",").every((item) => isItem(item, field))) {
      return `\`${part}\` does not fit the field ${field.name}: \`*\`, numbers from ${field.min} to ${field.max}, ranges, steps, or a list of them`;
    }
  }
  return null;
}

/** `*`, `5`, `1-5`, each with an optional `/step`. */
function isItem(item: string, field: Field): boolean {
  const found = /^(\*|[0-9a-z]{1,3})(?:-([0-9a-z]{1,3}))?(?:\/([1-9][0-9]?))?$/i.exec(item);
  if (!found) return false;
  const [, from = "", to] = found;
  if (from === "*") return to === undefined;
  const low = numberIn(from, field);
  const high = to === undefined ? low : numberIn(to, field);
  return low !== null && high !== null && low <= high;
}

function numberIn(text: string, field: Field): number | null {
  const word = (field.words as readonly string[]).indexOf(text.toLowerCase());
  const number = word >= 0 ? word + (field.name === "month" ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : -1;
  return number >= field.min && number <= field.max ? number : null;
}

/** True for a zone this runtime's own data know. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

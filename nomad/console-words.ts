/** The end of an output that a sentence can hold. */
const LINES_MAX = 8;
const LINE_CHARACTERS_MAX = 200;
/** What terminals are told, as by a machine's firmware: colours, cursor, clearing. */
// oxlint-disable-next-line no-control-regex
const TERMINAL_CODES = /\u001b(?:\[[0-9;?]*[a-z]|c)/gi;
// oxlint-disable-next-line no-control-regex
const CONTROL_CHARACTERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g;

/** With "KVM internal error" QEMU prints every register: thirty lines that would hide its words. */
const REGISTERS = /^(?:extra data\[\d+\]: |[A-Z][A-Z0-9]{1,4} *= *[\da-f]{4}|Code=)/;

/** The last lines of what a task wrote, in one line for a person; null when it wrote nothing. */
export function consoleWords(text: string): string | null {
  const lines = text
    .replaceAll(TERMINAL_CODES, "\n")
    .replaceAll("\r", "\n")
    .replaceAll(CONTROL_CHARACTERS, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length === 0) return null;
  return lines
    .slice(-LINES_MAX)
    .map((line) => (line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line))
    .join(" | ");
}

/** The same of what QEMU itself complained of, without the registers of a processor that it gave up on. */
export function complaintWords(text: string): string | null {
  return consoleWords(
    text
      .split("\n")
      .filter((line) => !REGISTERS.test(line))
      .join("\n"),
  );
}

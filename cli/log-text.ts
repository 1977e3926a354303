import type { ApiClient } from "./api-client.ts";
import { paint, writeTalk } from "./output.ts";
import { terminalText } from "./terminal-text.ts";

/** How much of a failed job's log is shown at the end of a run: enough for an assertion and its trace. */
export const TAIL_LINES = 40;
/** Bytes read for those lines; a longer last line is cut at its start. */
export const TAIL_BYTES = 64 * 1024;

/** Prints one log stream to stdout under a heading on stderr. */
export async function printStream(
  client: ApiClient,
  attempt: string,
  stream: number,
  options: { heading: string; follow: boolean; raw: boolean },
): Promise<void> {
  writeTalk(paint("bold", `── ${terminalText(options.heading, { colours: false })}`, process.stderr));
  const decoder = new TextDecoder();
  let last = "\n";
  const write = (text: string): void => {
    if (text === "") return;
    last = text;
    process.stdout.write(terminalText(text));
  };
  for await (const bytes of client.log(attempt, stream, { offset: 0, follow: options.follow })) {
    if (options.raw) process.stdout.write(bytes);
    else write(decoder.decode(bytes, { stream: true }));
  }
  write(decoder.decode());
  if (!last.endsWith("\n")) process.stdout.write("\n");
}

/** A stream's text from an offset to where it stands now. */
export async function readStream(
  client: ApiClient,
  attempt: string,
  stream: number,
  offset = 0,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of client.log(attempt, stream, { offset, follow: false })) {
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

/** The last lines of a stream of which `size` bytes are stored, safe to print. */
export async function streamTail(
  client: ApiClient,
  attempt: string,
  stream: number,
  size: number,
): Promise<string[]> {
  const text = await readStream(client, attempt, stream, Math.max(0, size - TAIL_BYTES));
  const lines = terminalText(text).replace(/\n$/, "").split("\n");
  return lines.slice(-TAIL_LINES);
}

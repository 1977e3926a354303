import { styleText } from "node:util";
import { EXIT } from "./exit-codes.ts";
import { fileFault } from "./file-fault.ts";

type Style = Parameters<typeof styleText>[0];

/** Adds colour for the stream's reader: never with NO_COLOR, always with FORCE_COLOR, else on a terminal. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

export function coloursWanted(stream: NodeJS.WriteStream = process.stdout): boolean {
  return paint("bold", "x", stream) !== "x";
}

/** Width of the terminal behind a stream; null when there is none. */
export function columnsOf(stream: NodeJS.WriteStream): number | null {
  return stream.isTTY ? stream.columns : null;
}

let readerGone: () => void = () => {};

/** Runs the action when the reader of stdout or stderr has closed the pipe, as `| head` does. */
export function onReaderGone(action: () => void): void {
  readerGone = action;
}

/**
 * A closed pipe is no error of ours: what would have been written is dropped. Where an answer cannot be written
 * for another reason, as on a full disk, the program says so and ends. Call once, at the start.
 */
export function toleratePipeEnd(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") {
        readerGone();
        return;
      }
      if (stream === process.stdout) {
        writeTalk(`delta: standard output cannot be written: ${fileFault(error)}`);
      }
      process.exit(EXIT.unavailable);
    });
  }
}

/** Data: what was asked for, and nothing else, goes to stdout. */
export function writeData(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Talk: progress, advice and errors go to stderr. */
export function writeTalk(text: string): void {
  process.stderr.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** A value of an answer that is JSON already, as a plan's canonical text is. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** Indented for a person at a terminal, else one line for the program that reads it. */
export function writeJson(answer: object): void {
  const pieces = process.stdout.isTTY ? [JSON.stringify(answer, null, 2)] : asPieces(answer);
  // One by one: a plan may have many megabytes, which are copied to add to them.
  for (const piece of [...pieces, "\n"]) process.stdout.write(piece);
}

/** What is JSON already is taken as it is: writing a plan anew takes as long as making it canonical. */
function asPieces(answer: object): string[] {
  const fields = Object.entries(answer).flatMap(([key, value]: [string, unknown]) => {
    const text = value instanceof JsonText ? value.text : JSON.stringify(value);
    return text === undefined ? [] : [[`${JSON.stringify(key)}:`, text]];
  });
  return ["{", ...fields.flatMap((field, at) => (at === 0 ? field : [",", ...field])), "}"];
}

/** Waits until what was written has left the process, so that exiting cuts nothing off. */
export async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => (stream.writable ? stream.write("", () => resolve()) : resolve())),
    ),
  );
}

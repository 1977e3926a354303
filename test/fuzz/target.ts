import type { Diagnostic, Span } from "../../schemas/diagnostic.ts";

/** A reader of what strangers write, and how to tell that it read wrong. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs; others are made of them. */
  readonly seeds: readonly Uint8Array[];
  /** Words of the language that are put in anywhere. */
  readonly tokens: readonly string[];
  /**
   * Reads the input and gives its answer, which must be the same the next time. Throws Misread for
   * a wrong one; any other error is a fault of the reader.
   */
  read(input: Uint8Array): unknown;
}

export class Misread extends Error {}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Misread(otherwise);
}

export function bytesOf(...texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}

/** The text that a reader of text is given for these bytes. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(input);
}

export function mustLieInside({ start, end }: Pick<Span, "start" | "end">, length: number): void {
  // What is missing at the end of a text is told at its end, one character wide.
  const inside = 0 <= start && start <= end && end <= length + 1;
  must(inside, `the span ${start}-${end} lies outside of ${length} characters`);
}

/** Findings lie inside their file, at most 200 of them, each with a sentence. */
export function mustBePlaced(diagnostics: readonly Diagnostic[], lengths: ReadonlyMap<string, number>): void {
  must(diagnostics.length <= 200, `there are ${diagnostics.length} findings`);
  for (const { span, related, message, code } of diagnostics) {
    must(message.trim() !== "", `${code} says nothing`);
    for (const place of [span, ...related.map((one) => one.span)]) {
      if (place === null) continue;
      const length = lengths.get(place.file);
      must(length !== undefined, `${code} names the file ${place.file}, which was not given`);
      mustLieInside(place, length);
    }
  }
}

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { classesOf, plainStyle, readLine } from "../../../control-plane/web/assets/ansi.js";

const ESC = "\u001b";
const show = (line: string, style: Style = plainStyle()) =>
  readLine(line, style).pieces.map(({ text, style: own }) => [text, classesOf(own)] as const);
type Style = ReturnType<typeof plainStyle>;

/** Control characters other than tab and newline. */
const hasControls = (text: string) =>
  Array.from(text).some((character) => character < " " && character !== "\t" && character !== "\n");

describe("a line of a log", () => {
  test("keeps its colours and their end", () => {
    expect(show(`a${ESC}[31;1mred${ESC}[0mb`)).toEqual([
      ["a", ""],
      ["red", "fg-red bold"],
      ["b", ""],
    ]);
    expect(show(`${ESC}[92mok${ESC}[39m ${ESC}[44mon blue${ESC}[m.`)).toEqual([
      ["ok", "fg-bright-green"],
      [" ", ""],
      ["on blue", "bg-blue"],
      [".", ""],
    ]);
    expect(show(`${ESC}[38;5;1mx${ESC}[38;5;200my${ESC}[38;2;1;2;3mz`)).toEqual([
      ["x", "fg-red"],
      ["y", ""],
      ["z", ""],
    ]);
  });

  test("hands its style to the next", () => {
    const { style } = readLine(`${ESC}[4mx`, plainStyle());
    expect(show("next", style)).toEqual([["next", "underline"]]);
  });

  test("shows what was written last over itself", () => {
    expect(show("10%\r50%\r100%\r")).toEqual([["100%", ""]]);
  });

  test.each([
    ["clears the screen", `${ESC}[2J`],
    ["a link", `${ESC}]8;;http://evil${ESC}\\`],
    ["the clipboard", `${ESC}]52;c;AAAA\u0007`],
    ["a title", `${ESC}]0;title\u0007`],
    ["moves the cursor", `${ESC}[10A`],
  ])("that %s is text", (_name, sequence) => {
    const text = show(`${sequence}x`)
      .map(([piece]) => piece)
      .join("");
    expect(text).toContain("\u241b");
    expect(hasControls(text)).toBe(false);
  });

  test("of any bytes has no control character, and only classes that the style sheet knows", () => {
    const styles = readFileSync(
      new URL("../../../control-plane/web/assets/log.css", import.meta.url),
      "utf8",
    );
    const sgr = fc.array(fc.nat(120), { maxLength: 4 }).map((codes) => `${ESC}[${codes.join(";")}m`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(sgr, fc.string(), fc.constantFrom(ESC, "\r", "[0m")), { maxLength: 20 }),
        (parts) => {
          for (const [text, classes] of show(parts.join(""))) {
            expect(hasControls(text)).toBe(false);
            for (const name of classes === "" ? [] : classes.split(" "))
              expect(styles).toContain(`.${name} {`);
          }
        },
      ),
    );
  });
});

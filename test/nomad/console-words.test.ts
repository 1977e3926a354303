import { expect, test } from "vitest";
import { consoleWords } from "../../nomad/console-words.ts";

test("a console becomes its last lines, without what steers terminals", () => {
  const console =
    "\u001bc\u001b[?7l\u001b[2J\u001b[0mFirmware\r\nBooting..\u001bc\u001b[2Jroot disk\n\n\u0007panic\n";
  expect(consoleWords(console)).toBe("Firmware | Booting.. | root disk | panic");
});

test("a long console is cut to its end, a long line to its beginning", () => {
  const many = Array.from({ length: 50 }, (_one, at) => `line ${at}`).join("\n");
  expect(consoleWords(many)).toMatch(/^line 42 \| .* \| line 49$/);
  expect(consoleWords("x".repeat(500))).toBe(`${"x".repeat(200)}…`);
});

test("silence has no words", () => {
  expect(consoleWords("\n \u001b[0m\r\n")).toBeNull();
});

import { describe, expect, test } from "vitest";
import { durationText, elapsedText } from "../../cli/duration-text.ts";
import { readEventStream } from "../../cli/event-stream.ts";
import { tableText } from "../../cli/table.ts";
import { terminalText } from "../../cli/terminal-text.ts";

describe("text for a terminal", () => {
  test.each([
    ["colours stay", "\u001b[1;31mred\u001b[0m", "\u001b[1;31mred\u001b[0m"],
    ["clearing the screen is shown", "\u001b[2Jx", "\\x1b[2Jx"],
    ["a link is shown", "\u001b]8;;http://x\u0007", "\\x1b]8;;http://x\\x07"],
    ["an eight-bit control is shown", "\u009b31m", "\\x9b31m"],
    ["a lone carriage return is shown, one of a line end is not", "a\rb\r\n", "a\\x0db\n"],
    ["a turn of the direction of writing is shown", "a\u202egpj.exe\u2066", "a\\u202egpj.exe\\u2066"],
    ["tabs and newlines stay", "a\tb\n", "a\tb\n"],
    ["a colour without an end is shown", `\u001b[${"1;".repeat(200)}`, `\\x1b[${"1;".repeat(200)}`],
  ])("%s", (_what, given, shown) => {
    expect(terminalText(given)).toBe(shown);
  });

  test("names get no colour of their own", () => {
    expect(terminalText("\u001b[31mjob", { colours: false })).toBe("\\x1b[31mjob");
  });
});

test("durations are short and in one unit or two", () => {
  const shown = [0, 400, 9_940, 9_960, 59_400, 59_600, 200_000, 3_599_900, 7_500_000].map(durationText);
  expect(shown).toEqual([
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 m 00 s",
    "3 m 20 s",
    "1 h 00 m",
    "2 h 05 m",
  ]);
  expect(elapsedText(null, null, 5)).toBe("");
  expect(elapsedText("1970-01-01T00:00:01Z", null, 3_000)).toBe("2.0 s");
});

test("table columns line up by what a terminal shows", () => {
  const rows = [
    ["\u001b[31m✗\u001b[0m", "日本", "x"],
    ["ok", "a", "y"],
  ];
  expect(tableText(["A", "B", "C"], rows)).toBe("A   B     C\n\u001b[31m✗\u001b[0m   日本  x\nok  a     y");
});

test("server-sent events survive any cut between chunks", async () => {
  const text = ": note\r\n\r\nevent: run\nid: 4\ndata: {\ndata: }\n\ndata:é\n\n";
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, bytes.length]) {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const events: unknown[] = [];
    for await (const event of readEventStream(new Response(body))) events.push(event);
    expect(events).toEqual([
      { event: "run", data: "{\n}", id: "4" },
      { event: "message", data: "é", id: null },
    ]);
  }
});

test("the last column of a table keeps to the terminal, below its own beginning", () => {
  const rows = [
    ["ok", "一二三 four five six seven eight nine ten"],
    ["bad", "short"],
  ];
  expect(tableText(["STATE", "WHY"], rows, 32)).toBe(
    ["STATE  WHY", "ok     一二三 four five six", "       seven eight nine ten", "bad    short"].join("\n"),
  );
  expect(tableText(["STATE", "WHY"], rows, 20)).toBe(tableText(["STATE", "WHY"], rows));
});

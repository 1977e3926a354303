import { afterEach, describe, expect, test } from "vitest";
import { parseOutputs } from "../../runner/outputs.ts";
import { OUTPUTS_BYTES_MAX } from "../../schemas/limits.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

async function report(...scripts: readonly string[]) {
  const { plane, runner } = await world.run({
    steps: scripts.map((run) => ({ run, always: true })),
    spec: { outputs: ["version", "image"] },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  return plane.complete;
}

describe("outputs", () => {
  test("of all steps are sent with the report; the last one of a name holds", async () => {
    const sent = await report(
      'echo "version=1" >> "$DELTA_OUTPUT"; echo "image=a=b c" >> "$DELTA_OUTPUT"',
      'echo "version=2" >> "$DELTA_OUTPUT"',
    );
    expect(sent).toMatchObject({ outcome: "succeeded", outputs: { version: "2", image: "a=b c" } });
  });

  test("of a job that failed are sent as well", async () => {
    const sent = await report('echo "version=1" >> "$DELTA_OUTPUT"; exit 3');
    expect(sent).toMatchObject({ outcome: "failed", reason: "step_failed", outputs: { version: "1" } });
  });

  test("are none when nothing was written", async () => {
    expect(await report("true")).not.toHaveProperty("outputs");
  });

  test.each([
    ["version", "line 1 of the outputs is not `NAME=value`"],
    ["verison=1", 'line 1 of the outputs sets "verison", which is not among `outputs`'],
  ])("a line %j fails the job", async (line, summary) => {
    const sent = await report(`echo '${line}' >> "$DELTA_OUTPUT"`);
    expect(sent).toMatchObject({ outcome: "failed", reason: "outputs_invalid", summary });
  });

  test("more than the limit fails the job", async () => {
    const sent = await report(`head -c ${OUTPUTS_BYTES_MAX + 1} /dev/zero > "$DELTA_OUTPUT"`);
    expect(sent).toMatchObject({
      reason: "outputs_invalid",
      summary: "the outputs are larger than 65536 bytes",
    });
  });

  test.each([
    ["a link", 'ln -sf /etc/passwd "$DELTA_OUTPUT"'],
    ["a second name of another file", 'echo x=y > "$HOME/other"; ln -f "$HOME/other" "$DELTA_OUTPUT"'],
    ["a pipe", 'rm "$DELTA_OUTPUT"; mkfifo "$DELTA_OUTPUT"'],
    ["a folder", 'rm "$DELTA_OUTPUT"; mkdir "$DELTA_OUTPUT"'],
  ])("%s in place of the file is not read", async (_, script) => {
    const sent = await report(script);
    expect(sent).toMatchObject({ outcome: "failed", reason: "outputs_invalid" });
    expect(sent).not.toHaveProperty("outputs");
  });

  test("a file that is gone hands nothing on", async () => {
    expect(await report('rm "$DELTA_OUTPUT"')).toMatchObject({ outcome: "succeeded" });
  });
});

describe("the lines of the file", () => {
  const parse = (text: string | Uint8Array) =>
    parseOutputs(typeof text === "string" ? Buffer.from(text) : text, ["a", "b"]);

  test("may end as on Windows, be empty, and hold no value", () => {
    expect(parse("a=1\r\n\n  \nb=\n")).toEqual({ outputs: { a: "1", b: "" }, fault: null });
  });

  test("before a wrong one count", () => {
    expect(parse("a=1\nwrong\nb=2")).toEqual({
      outputs: { a: "1" },
      fault: "line 2 of the outputs is not `NAME=value`",
    });
  });

  test("are UTF-8 text without NUL", () => {
    expect(parse(Buffer.from([0x61, 0x3d, 0xff])).fault).toBe("the outputs are not UTF-8 text");
    expect(parse("a=\0").fault).toBe('the output "a" holds a NUL character');
  });
});

import type { Command } from "@oclif/core/command";
import { boolean } from "@oclif/core/flags";
import { parse } from "@oclif/core/parser";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";
import { AFFECTED_SHAPE, PLAN_SHAPE } from "../../cli/plain-command.ts";
import { type PlainShape, readPlainly } from "../../cli/plain-words.ts";

const word = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ..."base head out max-jobs event policy".split(" ").map((name) => `--${name}`),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ..."worktree all json provenance color no-color help".split(" ").map((name) => `--${name}`),
    ),
  },
  fc.constantFrom(
    "--base=a",
    "--max-jobs=7",
    "--json=true",
    "--all=",
    "--head=--all",
    "--bas",
    "--constructor",
  ),
  fc.constantFrom("-", "--", "-C", "-h", "", "main", "HEAD~1", "build", "5", "a=b", "5000000000"),
);

/** What the framework's own parser reads, in the words of the plain one. */
async function parsed(
  command: Command.Class,
  line: readonly string[],
  { values, switches }: PlainShape<string, string>,
): Promise<unknown> {
  const flags = { ...command.baseFlags, ...command.flags, json: boolean() };
  const read = await parse([...line], { flags, args: command.args, strict: command.strict });
  const found = read.flags as Readonly<Record<string, unknown>>;
  const given = values.filter(
    (name) => found[name] !== undefined && read.metadata.flags[name]?.setFromDefault !== true,
  );
  return {
    values: Object.fromEntries(given.map((name) => [name, String(found[name])])),
    switches: new Set(switches.filter((name) => found[name] === true)),
    words: read.argv,
  };
}

describe("a plain command line", () => {
  test.each([
    ["affected", AFFECTED_SHAPE],
    ["plan", PLAN_SHAPE],
  ] as const)("of `delta %s` means what the parser of any line says", async (name, shape) => {
    const command = commands[name] as Command.Class;
    let plain = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (line) => {
        const read = readPlainly<string, string>(line, shape);
        const isForOne = read?.values["head"] !== undefined && read.switches.has("worktree");
        const limit = Number(read?.values["max-jobs"] ?? 1);
        // Those two are left to the parser, which refuses them, by whoever asked for the line.
        if (read === null || isForOne || !Number.isInteger(limit) || limit > 10_000) return;
        plain += 1;
        expect(read).toEqual(await parsed(command, line, shape));
      }),
      { numRuns: 3_000 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  test.each([
    [["--head"]],
    [["--head", "--json"]],
    [["--head", "a", "--head", "b"]],
    [["--json", "--json"]],
    [["--json=true"]],
    [["-C", "x"]],
    [["--", "a"]],
    [["--help"]],
    [["--base="]],
    [["a"]],
  ])("%j is not one", (line) => {
    expect(readPlainly(line, AFFECTED_SHAPE)).toBeNull();
  });
});

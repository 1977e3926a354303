import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commands } from "../../cli/commands.ts";
import { EXIT } from "../../cli/exit-codes.ts";
import { EVENT_FLAGS } from "../../compiler/event-flags.ts";
import { ROOT } from "./support/delta.ts";

const page = readFileSync(join(ROOT, "docs", "cli.md"), "utf8");
const sections = new Map(
  page
    .split(/^## delta /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);

/** Flags that the rows of a table document. */
function documented(text: string): string[] {
  return [...text.matchAll(/^\|[^|]*`--([a-z-]+)[^|]*\|/gm)].map((row) => row[1] ?? "").sort();
}

test("docs/operate/configuration.md names every setting of the control plane and no other", () => {
  const settings = (file: string, pattern: RegExp): string[] => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ""))].sort();
  };
  expect(settings("docs/operate/configuration.md", /^\| .*`(DELTA_[A-Z_]+)`/gm)).toEqual(
    settings("control-plane/config.ts", /"(DELTA_[A-Z_]+)"/g),
  );
});

test("README.md links to files that are there", () => {
  const links = readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/\]\(([^)#:]+)\)/g);
  expect([...links].map((link) => link[1] ?? "").filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

describe("docs/cli.md", () => {
  test("has a section for every command and none for another", () => {
    expect([...sections.keys()].sort()).toEqual(
      Object.keys(commands)
        .map((id) => id.replace(":", " "))
        .sort(),
    );
  });

  test.each(Object.entries(commands))(
    "%s: its summary, arguments and flags, no more and no less",
    (id, command) => {
      const section = sections.get(id.replace(":", " ")) ?? "";
      expect(section).toContain(command.summary);
      const flags = Object.keys(command.flags ?? {});
      const takesEvent = flags.includes("event");
      const own = flags.filter((name) => !takesEvent || name === "head" || !Object.hasOwn(EVENT_FLAGS, name));
      expect(documented(section)).toEqual(own.sort());
      expect(section.includes("#an-event-spelled-out")).toBe(takesEvent);
      for (const name of Object.keys(command.args)) expect(section).toContain(`\`${name.toUpperCase()}\``);
      for (const [name, { summary }] of Object.entries(command.flags ?? {})) {
        if (own.includes(name)) expect(section, `--${name}`).toContain(summary);
      }
    },
  );

  test("spells out every flag of an event", () => {
    const start = page.indexOf("### An event, spelled out");
    const table = page.slice(start, page.indexOf("# Commands", start));
    expect(documented(table)).toEqual(
      Object.keys(EVENT_FLAGS)
        .filter((name) => name !== "head")
        .sort(),
    );
  });

  test("lists every exit code", () => {
    for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
  });
});

import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planMarkdown, prose } from "../../../compiler/render/index.ts";
import { shellCommand } from "../../../compiler/render/shell-command.ts";
import { compiled } from "../support/compiled.ts";

function manyJobs(count: number): string {
  const jobs = Array.from(
    { length: count },
    (_, index) => `  job${index}:\n    changes: [src/**]\n    steps: [make]\n`,
  );
  return `version: 1\njobs:\n${jobs.join("")}`;
}

describe("the summary of a check", () => {
  test("says what changed, what runs and how to plan it again", () => {
    const text =
      "version: 1\nname: demo\njobs:\n  a:\n    changes: [src/**]\n    steps: [make]\n  b:\n    changes: [web/**]\n    required: false\n    steps: [make]\n";
    const { plan } = compiled(text, { changed: ["src/x.c"] });
    expect(planMarkdown(plan, { digest: "sha256:abc", bytesMax: 60_000 })).toBe(
      [
        "**1 job runs, 1 is skipped** for push to main.",
        "",
        "- 1 changed path since `222222222222` (explicit): `src/x.c`",
        "- 0 of 0 components affected",
        "",
        "| | job | why | decided at |",
        "|---|---|---|---|",
        "| run | `a` | `src/x.c` matches `src/**` | `.delta/pipeline.yaml:5` |",
        "| skip | `b` _(not required)_ | no changed path matches `web/**` | `.delta/pipeline.yaml:8` |",
        "",
        "Plan `sha256:abc`. The same plan on your machine:",
        "",
        "```sh",
        `delta plan --head ${"1".repeat(40)} --event push --ref refs/heads/main --default-branch main --before ${"2".repeat(40)} --base ${"2".repeat(40)}`,
        "```",
        "",
      ].join("\n"),
    );
  });

  test("stays within its bytes, keeps the counts and says how much is left out", () => {
    const { plan } = compiled(manyJobs(600), { changed: ["src/日本"] });
    const text = planMarkdown(plan, { digest: "D", bytesMax: 10_000 });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(10_000);
    expect(text).toContain("**600 jobs run**");
    const rows = text.match(/^\| run /gm)?.length ?? 0;
    expect(rows).toBeGreaterThan(50);
    expect(text).toContain(`_${600 - rows} more jobs left out for length`);
    expect(text).toContain("delta plan --head");
  });

  test("a path cannot leave its code span or its cell", () => {
    const { plan } = compiled(manyJobs(1), { changed: ["src/`</td>|<img src=x onerror=a>\n# x`"] });
    const text = planMarkdown(plan, { digest: "D", bytesMax: 60_000 });
    const row = text.split("\n").find((line) => line.startsWith("| run")) ?? "";
    expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
    expect(row.replace(/`[^`]*`/g, "")).not.toContain("<");
    expect(text).not.toMatch(/^# x/m);
  });
});

describe("sentences in Markdown", () => {
  test("keep their code spans and lose all other markup", () => {
    expect(prose("`a*b` matches <b>*x*</b>")).toBe("`a*b` matches &#60;b&#62;&#42;x&#42;&#60;/b&#62;");
    expect(prose("see @someone #1")).toBe("see &#64;someone &#35;1");
  });

  test("never leave a raw angle bracket outside of a code span, whatever they hold", () => {
    const piece = fc.constantFrom("`", "``", "<img>", "text", "|", "\\", "\n");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = prose(pieces.join(""));
        const isPaired = !text.includes("``") && (text.match(/`/g)?.length ?? 0) % 2 === 0;
        const outside = isPaired ? text.replace(/`[^`]*`/g, "") : text;
        expect(outside).not.toMatch(/[<>]/);
        expect(text).not.toContain("\n");
      }),
    );
  });
});

test("a command reads back as its arguments in a real shell", () => {
  const argument = fc.oneof(
    fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed()),
    fc.constantFrom("", "it's", "$(id)", "a b", "--x=-y", "`id`", "a\nb", "\u001b[31m", "!x", "~", "*"),
  );
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), (args) => {
      const printed = execFileSync("bash", ["-c", `printf '%s\\0' ${shellCommand(args)}`], {
        encoding: "utf8",
      });
      expect(printed.split("\0").slice(0, -1)).toEqual(args);
    }),
    { numRuns: 60 },
  );
});

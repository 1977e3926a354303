import { named } from "../selection/sentence.ts";
import { globListsOf } from "../selection/path-lists.ts";
import type { LintInput } from "./lint.ts";

/** `**` between slashes is any depth; next to other characters it is a plain star. */
export function globstarInName({ model, lists, report }: LintInput): void {
  for (const list of new Set(globListsOf(model).map((list) => lists.of(list)))) {
    for (const { glob, span } of list.entries) {
      const part = glob.source
        .replace(/^!/, "")
        .split("/")
        .find((text) => text !== "**" && /(?<![\\{,])\*\*(?![},])/.test(text) && !/^\*+$/.test(text));
      if (part === undefined) continue;
      const deep = part.startsWith("**") ? `**/${part.slice(1)}` : part.replace("**", "**/*");
      report.add(
        "DC1905",
        span,
        `In ${named(part)} the two stars mean one and stay in one folder; for any depth write ${named(deep)}`,
      );
    }
  }
}

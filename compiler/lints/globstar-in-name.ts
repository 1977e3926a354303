import { named } from "../selection/sentence.ts";
import { globListsOf } from "../selection/path-lists.ts";
import type { LintInput } from "./lint.ts";

/** `**.ts` alone is any depth, as people who write it mean. */
const STARS_AND_EXTENSION = /^\*\*\.\w+$/;

/** `**` between slashes is any depth; next to other characters it is a plain star. */
export function globstarInName({ model, lists, report }: LintInput): void {
  for (const list of new Set(globListsOf(model).map((list) => lists.of(list)))) {
    for (const { glob, span } of list.entries) {
      const source = glob.source.replace(/^!/, "");
      if (STARS_AND_EXTENSION.test(source)) continue;
      const part = source
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

import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { checkGlobList, PIPELINE_PATTERNS_MAX } from "../globs/index.ts";
import type { Located } from "./model.ts";

/**
 * Checks on the texts of a job's parts. Each is asked twice: of texts without `${{ }}` when the pipeline
 * is read, so that a mistake shows in every run, and of all texts once they are worked out.
 */

/** A key names a file in stores whose own limit is 1,024 bytes; the rest is for the store's prefix. */
export const CACHE_KEY_CHARACTERS_MAX = 512;
/** A group is compared and shown, never opened; more is not read by anybody. */
const GROUP_CHARACTERS_MAX = 255;

export function checkCacheKey({ value, span }: Located<string>, report: Report): void {
  checkLength("key", value, CACHE_KEY_CHARACTERS_MAX, span, report);
}

export function checkGroup({ value, span }: Located<string>, report: Report): void {
  checkLength("group", value, GROUP_CHARACTERS_MAX, span, report);
}

function checkLength(label: string, text: string, max: number, span: Span, report: Report): void {
  if (text === "") report.add("DC1106", span, `\`${label}\` is empty`);
  else if (text.length > max) report.add("DC1106", span, `\`${label}\` has more than ${max} characters`);
}

/** What an artifact may be called: it becomes a file's name on every system. */
const ARTIFACT_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

export function checkArtifactName({ value, span }: Located<string>, report: Report): void {
  if (ARTIFACT_NAME.test(value)) return;
  const message = `\`name\` must be at most 100 letters, digits, \`.\`, \`_\` and \`-\`, not ${quote(value)}`;
  report.add("DC1107", span, message);
}

export function checkUrl({ value, span }: Located<string>, report: Report): void {
  if (/^https?:\/\/[^\s]+$/.test(value)) return;
  report.add("DC1107", span, `\`url\` must begin with \`https://\` or \`http://\`, not ${quote(value)}`);
}

/** Files of the checkout, by folder or by glob. Anything else is gone when the runner is. */
export function checkPaths(paths: readonly Located<string>[], report: Report): void {
  const inside = paths.filter(({ value, span }) => {
    const problem = outsideCheckout(value.replace(/^!/, ""));
    if (problem !== null) report.add("DC1128", span, `${quote(value)} ${problem}`);
    return problem === null;
  });
  const [first] = inside;
  if (first === undefined) return;
  checkGlobList({ globs: inside, span: first.span }, report, { left: PIPELINE_PATTERNS_MAX });
}

function outsideCheckout(path: string): string | null {
  if (path === "~" || path.startsWith("~/"))
    return "lies in a home folder, and only files of the checkout are kept; point the tool at a folder of the checkout";
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path))
    return "is absolute, and only files of the checkout are kept; write it relative to the repository's root";
  return path.split(/[\\/]/).includes("..") ? "leaves the checkout by `..`" : null;
}

/** Reports each name that was there before. `what` is the singular of what the names are of. */
export function checkTaken(names: readonly Located<string>[], what: string, report: Report): void {
  const first = new Map<string, Span>();
  for (const { value, span } of names) {
    const taken = first.get(value);
    if (taken === undefined) first.set(value, span);
    else {
      const related = [{ span: taken, message: "first written here" }];
      report.add("DC1126", span, `The job has a second ${what} \`${value}\``, { related });
    }
  }
}

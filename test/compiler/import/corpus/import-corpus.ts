/**
 * `npm run import:corpus -- FOLDER`: imports the pipelines of every repository below a folder, compiles what comes of
 * them, and prints what was and was not converted. Ends with 1 when anything that was imported does not compile.
 */
import { writeFileSync } from "node:fs";
import type { ImportedJob } from "../../../../compiler/import/index.ts";
import { type CorpusResult, kindOf, tryFile } from "./corpus.ts";
import { corpusFiles } from "./files.ts";

/** Kinds that are printed for each system. */
const KINDS_SHOWN = Number(process.env["KINDS_SHOWN"] ?? 40);

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  process.stderr.write("usage: npm run import:corpus -- FOLDER\n");
  process.exit(2);
}
const results = corpusFiles(folder).map(tryFile);
for (const kind of ["gitlab", "github"] as const)
  tell(
    kind,
    results.filter(({ file }) => file.kind === kind),
  );
process.exitCode = results.some(({ errors }) => errors.length > 0) ? 1 : 0;

function tell(kind: string, of: readonly CorpusResult[]): void {
  const jobs = of.flatMap((one) => one.jobs);
  const share = (outcome: string): string => {
    const found = jobs.filter((job) => job.outcome === outcome).length;
    return `${found} ${outcome.replace("_", " ")} (${((100 * found) / Math.max(1, jobs.length)).toFixed(1)} %)`;
  };
  const unread = of.filter(({ pipeline }) => pipeline === null);
  const failed = of.filter(({ errors }) => errors.length > 0);
  const slowest = Math.max(0, ...of.map(({ milliseconds }) => milliseconds));
  say(`${kind}: ${of.length} files of ${new Set(of.map(({ file }) => file.repository)).size} repositories`);
  say(`  not readable: ${unread.length}`);
  for (const { file, kinds } of unread) say(`    ${file.repository} ${file.path}: ${kinds.join("; ")}`);
  say(`  compiled clean: ${of.length - unread.length - failed.length} of ${of.length - unread.length}`);
  for (const { file, errors } of failed)
    say(`    ${file.repository} ${file.path}: ${errors.slice(0, 4).join("; ")}`);
  say(`  jobs: ${jobs.length}: ${["whole", "partly", "left_out"].map(share).join(", ")}`);
  say(`  slowest file: ${slowest.toFixed(0)} ms`);
  say("  not converted, most frequent first:");
  count(of.flatMap(({ kinds }) => kinds));
  say("  alone keeps a job from being whole, most frequent first:");
  count(jobs.flatMap(soleKind));
}

/** The kind of all that was not converted of a job that would be whole without it. */
function soleKind({ outcome, findings }: ImportedJob): readonly string[] {
  const kinds = new Set(
    findings.flatMap(({ severity, message }) => (severity === "info" ? [] : [kindOf(message)])),
  );
  return outcome === "whole" || kinds.size > 1 ? [] : [...kinds];
}

function count(kinds: readonly string[]): void {
  const times = new Map<string, number>();
  for (const one of kinds) times.set(one, (times.get(one) ?? 0) + 1);
  const sorted = [...times].toSorted((a, b) => b[1] - a[1]);
  for (const [one, often] of sorted.slice(0, KINDS_SHOWN)) say(`    ${String(often).padStart(5)} ${one}`);
  if (sorted.length > KINDS_SHOWN) say(`    and ${sorted.length - KINDS_SHOWN} more kinds`);
}

function say(line: string): void {
  writeFileSync(1, `${line}\n`);
}

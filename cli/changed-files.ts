import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { CompileInput } from "../compiler/index.ts";
import { decodePath } from "../compiler/paths.ts";
import type { ChangedPath, ChangeStatus } from "../schemas/changes.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";

/** As git prints it: a letter, and for renames and copies how alike the two sides are. */
const STATUS = /^([AMDTRC])\d{0,3}$/;
/** Only these name two paths: the old one, then the new one. */
const TWO_SIDED: ReadonlySet<string> = new Set(["R", "C"]);

/** Changed paths that somebody made up, from a file or from standard input (`-`). Throws `file_unreadable` and `usage`. */
export async function readChangedFiles(file: string): Promise<readonly ChangedPath[]> {
  return parseChangedFiles(await bytesOf(file), file === "-" ? "standard input" : file);
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return file === "-" ? await buffer(process.stdin) : await readFile(file);
  } catch (error) {
    throw new CliFailure("file_unreadable", `cannot read ${file}: ${fileFault(error)}`, null, error);
  }
}

/**
 * What `git diff --name-only` and `git diff --name-status` print, with `-z` or without: one path for each
 * entry, or a status before it. A path without a status was modified.
 */
export function parseChangedFiles(bytes: Buffer, source: string): readonly ChangedPath[] {
  return bytes.includes(0) ? ofRecords(split(bytes, 0), source) : ofLines(split(bytes, 0x0a), source);
}

function ofRecords(records: readonly string[], source: string): readonly ChangedPath[] {
  if (!STATUS.test(records[0] ?? "")) return records.map((path) => changed("M", [path], source));
  const found: ChangedPath[] = [];
  for (let at = 0; at < records.length; ) {
    const status = statusOf(records[at] ?? "", source);
    const paths = records.slice(at + 1, at + (TWO_SIDED.has(status) ? 3 : 2));
    found.push(changed(status, paths, source));
    at += 1 + paths.length;
  }
  return found;
}

function ofLines(lines: readonly string[], source: string): readonly ChangedPath[] {
  return lines
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line !== "")
    .map((line) => {
      const [first = "", ...paths] = line.split("\t");
      if (paths.some((path) => path.startsWith('"')) || first.startsWith('"'))
        throw wrong(`${source} has a quoted path, ${line}`, "Paths as they are come from `git diff -z`.");
      return paths.length === 0
        ? changed("M", [first], source)
        : changed(statusOf(first, source), paths, source);
    });
}

function statusOf(text: string, source: string): ChangeStatus {
  const status = STATUS.exec(text)?.[1];
  if (status === undefined)
    throw wrong(`${source} has ${JSON.stringify(text)} where a status such as M, A or R100 is expected`);
  return status as ChangeStatus;
}

function changed(status: ChangeStatus, paths: readonly string[], source: string): ChangedPath {
  const expected = TWO_SIDED.has(status) ? 2 : 1;
  const [first = "", second] = paths;
  const bad = paths.find((path) => path === "" || path.startsWith("/") || path.split("/").includes(".."));
  if (paths.length !== expected)
    throw wrong(`${source} has ${paths.length} paths after ${status}, where ${expected} is expected`);
  if (bad !== undefined)
    throw wrong(`${source} has the path ${JSON.stringify(bad)}, which is not one from the repository's root`);
  return second === undefined ? { status, path: first } : { status, old_path: first, path: second };
}

function wrong(message: string, hint: string | null = null): CliFailure {
  return new CliFailure("usage", message, hint);
}

function split(bytes: Buffer, separator: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(separator, start);
    const stop = end < 0 ? bytes.length : end;
    parts.push(decodePath(bytes.subarray(start, stop)));
    start = stop + 1;
  }
  return parts;
}

/** Said in the plan itself, so that no made-up plan has the digest of a real one. */
const MADE_UP = "hypothetical: the changed files were given by hand";

/** The head as if exactly these paths had changed in it. */
export function withChangedFiles<Input extends Pick<CompileInput, "changes">>(
  input: Input,
  paths: readonly ChangedPath[],
): Input {
  const { base, head, merge_base } = input.changes;
  const changes: CompileInput["changes"] = {
    base,
    head,
    merge_base,
    rule: "explicit",
    ladder: [{ rule: "explicit", taken: true, why: MADE_UP }],
    changed: withoutRepeats(paths),
    uncertain: [],
  };
  return { ...input, changes };
}

function withoutRepeats(paths: readonly ChangedPath[]): readonly ChangedPath[] {
  return [...new Map(paths.map((one) => [one.path, one])).values()];
}

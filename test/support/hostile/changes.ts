import { compile, type CompileInput } from "../../../compiler/index.ts";
import type { ChangedPath } from "../../../schemas/changes.ts";
import { changeSet } from "../compiler/changes-between.ts";
import { treeOf } from "../compiler/tree-snapshot.ts";
import { testEvent } from "../plans.ts";
import { CPU_MS_MAX, type HostileCase, lines, list } from "./hostile-case.ts";

/** For what is large by itself. It is read in a planning process, never on a server's event loop. */
const LARGE_MS_MAX = 1_000;
/** Each stands for two paths. */
const RENAMED_MS_MAX = 2_000;
/** Two hundred thousand paths are forty megabytes before anything is made of them. */
const LARGE_MEBIBYTES_MAX = 256;
const FILES = 200_000;
const LONG_NAME = "1234567890".repeat(40);

/** One job that wants a folder in which every commit below changes something. */
const WANTS_SRC = "version: 1\njobs: { j: { changes: ['src/**'], steps: [a] } }\n";

const many = (count: number, each: (index: number) => ChangedPath): readonly ChangedPath[] =>
  Array.from({ length: count }, (_, index) => each(index));
/** In the order in which git tells them. */
const pathOf = (index: number): string =>
  `src/folder-${String(Math.floor(index / 400)).padStart(3, "0")}/file-${String(index).padStart(6, "0")}.ts`;

/**
 * Commits that change very much. Each answers with what becomes of its jobs and with the doubts there are:
 * whatever is too much counts as changed, never as nothing.
 */
export function hostileChanges(): readonly HostileCase[] {
  const modified = () => many(FILES, (index) => ({ status: "M", path: pathOf(index) }));
  const renamed = () =>
    many(FILES, (index) => ({ status: "R", path: pathOf(index), old_path: `old/${pathOf(index)}` }));
  const plain = () => many(100_000, (index) => ({ status: "M", path: pathOf(index) }));
  const crafted = () => many(100_000, (index) => ({ status: "A", path: `src/${"a/".repeat(40)}${index}` }));
  const nearly = () =>
    many(100_000, (index) => ({ status: "A", path: `src/${"a/".repeat(40)}${LONG_NAME}${index}` }));
  return [
    changesCase("P10 a commit without changes", WANTS_SRC, () => [], "skipped", CPU_MS_MAX),
    changesCase("P10 two hundred thousand changed files", WANTS_SRC, modified, "selected", LARGE_MS_MAX),
    changesCase("P10 two hundred thousand renamed files", WANTS_SRC, renamed, "selected", RENAMED_MS_MAX),
    changesCase("P10 more files than are kept", WANTS_SRC, () => null, "selected", CPU_MS_MAX),
    changesCase(
      "G8 a thousand globs against a hundred thousand paths",
      globs((index) => `src/**/folder-00${index % 7}/*${index}.{ts,md}`),
      plain,
      "selected",
      LARGE_MS_MAX,
    ),
    changesCase(
      "G8 a thousand crafted globs against a hundred thousand deep paths",
      globs((index) => `${"**/a/".repeat(30)}b${index}*`),
      crafted,
      "skipped",
      LARGE_MS_MAX,
    ),
    changesCase(
      "G8 a thousand crafted globs whose every name has to be searched",
      globs((index) => `${"**/[a-b]*/".repeat(20)}*b${index}/*[0-9]`),
      crafted,
      "changes_truncated",
      LARGE_MS_MAX,
    ),
    changesCase(
      "G8 a thousand crafted globs that a long name fits nearly",
      globs((index) => `**/a/**/${LONG_NAME.slice(0, 1 + (index % 400))}*`),
      nearly,
      "changes_truncated",
      LARGE_MS_MAX,
    ),
  ];
}

/** A hundred jobs with ten globs each. */
function globs(glob: (index: number) => string): string {
  const job = (index: number): string =>
    `  j${index}: { steps: [a], changes: [${list(10, (one) => JSON.stringify(glob(index * 10 + one)))}] }`;
  return `version: 1\njobs:\n${lines(100, job)}\n`;
}

function changesCase(
  name: string,
  text: string,
  changed: () => readonly ChangedPath[] | null,
  expected: string,
  bound: number,
): HostileCase {
  const prepare = () => {
    const input = inputOf(text, changed());
    return (): string[] => {
      const { plan } = compile(input);
      const outcomes = plan?.decisions.map(({ outcome }) => outcome) ?? [];
      return [...outcomes, ...(plan?.uncertain ?? []).map(({ code }) => code)];
    };
  };
  return { name, expected, bound, mebibytes: LARGE_MEBIBYTES_MAX, prepare };
}

function inputOf(text: string, changed: readonly ChangedPath[] | null): CompileInput {
  const head = treeOf({ ".delta/pipeline.yaml": text });
  const changes = { ...changeSet(changed ?? []), changed };
  const request = { jobs: [], all: false };
  return { head, base: head, changes, event: testEvent(), compilerVersion: "0", request };
}

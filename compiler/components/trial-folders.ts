import { foldersAround } from "../paths.ts";

/** Folders of trial material, by the names that test suites give them. */
const TRIAL_FOLDER =
  /^(?:__tests?__|tests?|specs?|e2e|__fixtures__|fixtures?|testdata|test-data|__mocks__|examples?|templates?|playgrounds?)$/i;

/**
 * Whether a folder lies among trial material. A manifest there that no workspace lists is the input
 * of somebody's test, and its files belong to whatever component is around it.
 */
export function isTrialFolder(folder: string): boolean {
  return folder.split("/").some((name) => TRIAL_FOLDER.test(name));
}

/**
 * Whether what lies in the folder belongs to somebody else: to a test as its input, or to a component
 * around it that was taken already.
 */
export function isForeignFolder(folder: string, taken: ReadonlySet<string>): boolean {
  if (folder === ".") return false;
  return (
    isTrialFolder(folder) ||
    [...foldersAround(folder)].some((around) => around !== folder && taken.has(around))
  );
}

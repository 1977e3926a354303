import type { TreeEntry } from "../input.ts";
import { baseName } from "../paths.ts";
import { readPackageJsonAhead } from "./javascript/package-json.ts";

/** Does what discovery will do with a manifest as soon as its content is here. It changes no answer, only when the work is done. */
export function readAhead(entry: TreeEntry, content: Uint8Array): void {
  if (baseName(entry.path) === "package.json") readPackageJsonAhead(entry, content);
}

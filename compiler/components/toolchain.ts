import type { TreeSnapshot } from "../input.ts";
import { inFolder } from "../paths.ts";
import type { Fact, Governor } from "./findings.ts";

/** Files that tools read for every component below a folder; only their bytes are compared. */
export function toolchainGovernors(
  snapshot: TreeSnapshot,
  folder: string,
  files: readonly string[],
  members: readonly string[],
): Governor[] {
  return files.flatMap((file) => {
    const entry = snapshot.entries.get(inFolder(folder, file));
    if (entry === undefined) return [];
    const facts = new Map<string, Fact>([
      ["its content", { value: entry.blob, governs: members, reach: "wide" }],
    ]);
    return [{ path: entry.path, members, facts, why: null, exclusive: true }];
  });
}

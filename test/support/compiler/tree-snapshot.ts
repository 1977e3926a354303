import { createHash } from "node:crypto";
import type { TreeEntry, TreeSnapshot } from "../../../compiler/input.ts";

/** A commit's files as the compiler sees them, without a repository. Every file's content is loaded. */
export function treeOf(files: Readonly<Record<string, string | Uint8Array>>): TreeSnapshot {
  const entries = new Map<string, TreeEntry>();
  const contents = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    const blob = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    entries.set(path, { path, blob, mode: "100644" });
    contents.set(path, bytes);
  }
  return { commit: "0".repeat(40), entries, contents };
}

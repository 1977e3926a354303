import { CATALOGUE } from "./catalogue/index.ts";
import { type SourceTexts, textsOf } from "./diagnostics/index.ts";
import type { TreeSnapshot } from "./input.ts";
import { catalogueName, NO_PINNED, type PinnedFiles, pinnedName } from "./pinned.ts";

/** The text of everything that a compile may point at: files of the commit, pinned ones and the catalogue. */
export function inputTexts({
  head,
  pinned = NO_PINNED,
}: {
  readonly head: TreeSnapshot;
  readonly pinned?: PinnedFiles;
}): SourceTexts {
  const encoder = new TextEncoder();
  const elsewhere = new Map<string, Uint8Array>();
  for (const [name, text] of CATALOGUE) elsewhere.set(catalogueName(name), encoder.encode(text));
  for (const { request, answer } of pinned.values())
    if ("bytes" in answer) elsewhere.set(pinnedName(request), answer.bytes);
  const ofCommit = textsOf(head.contents);
  const ofOthers = textsOf(elsewhere);
  return (file) => ofCommit(file) ?? ofOthers(file);
}

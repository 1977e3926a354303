import { preferredBase, wantedContents } from "../compiler/index.ts";
import type { ReadRequest } from "../control-plane/git/index.ts";

/** What of a commit is read, and which base its pipeline asks for. */
export const READ_FOR_PIPELINE = {
  wanted: wantedContents,
  // Which run was green last only a control plane knows.
  baseRequest: (head) => ({ prefer: preferredBase(head), lastGreen: null }),
} as const satisfies ReadRequest;

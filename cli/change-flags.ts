import { boolean, string } from "@oclif/core/flags";

/** Flags that name a change: from a base to a head. */
export const changeFlags = {
  base: string({
    summary: "Revision to compare with; the default is where this branch left its target.",
    helpValue: "REV",
  }),
  head: string({
    summary: "Revision to look at; the default is HEAD.",
    helpValue: "REV",
    exclusive: ["worktree"],
  }),
  worktree: boolean({
    default: false,
    summary: "Look at the working tree as it is, with uncommitted and untracked files.",
    exclusive: ["head"],
  }),
};

export interface ChangeFlags {
  readonly base: string | undefined;
  readonly head: string | undefined;
  readonly worktree: boolean;
}

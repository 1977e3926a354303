import type { ChangeSet, Uncertainty } from "../../schemas/changes.ts";
import { displayPath } from "../../compiler/paths.ts";
import type { BaseChoice } from "./base-ladder.ts";
import { CHANGED_PATHS_MAX, changedSubmodules, toChangedPath } from "./diff.ts";
import type { RawChange } from "./raw-change.ts";

/** The change set as plans and reports carry it. A null diff with a base means that it was too much to keep. */
export function toChangeSet(choice: BaseChoice, head: string, diff: readonly RawChange[] | null): ChangeSet {
  const uncertain: Uncertainty[] = [...choice.uncertain];
  if (diff === null && choice.base !== null) {
    uncertain.push({
      code: "changes_truncated",
      detail: `more than ${CHANGED_PATHS_MAX} paths changed`,
      paths: [],
      added: ["*"],
    });
  }
  for (const path of changedSubmodules(diff ?? [])) {
    const detail = `what changed inside the submodule ${displayPath(path)} cannot be seen`;
    uncertain.push({ code: "submodule_changed", detail, paths: [path], added: [] });
  }
  return {
    base: choice.base,
    head,
    merge_base: choice.mergeBase,
    rule: choice.rule,
    ladder: choice.ladder,
    changed: diff?.map(toChangedPath) ?? null,
    uncertain,
  };
}

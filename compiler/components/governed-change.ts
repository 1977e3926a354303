import { displayPath } from "../paths.ts";
import type { Causes } from "./causes.ts";
import type { Governor } from "./findings.ts";
import type { Discovery } from "./model.ts";
import type { ChangedPath } from "../../schemas/changes.ts";

interface ChangedFile {
  readonly path: string;
  readonly status: ChangedPath["status"];
}

/** True when the path is a governing file and what it says is all there is to it. */
export function governedChange(head: Discovery, base: Discovery, file: ChangedFile, causes: Causes): boolean {
  const now = head.governors.get(file.path);
  const before = base.governors.get(file.path);
  const governor = now ?? before;
  if (governor === undefined) return false;
  const unreadable = [now, before].find((side) => side !== undefined && side.facts === null);
  if (unreadable !== undefined) {
    const detail = `${displayPath(file.path)} cannot be read: ${unreadable.why ?? ""}`;
    const members = [...(now?.members ?? []), ...(before?.members ?? [])];
    causes.doubt("manifest_unreadable", detail, [file.path], members);
    return governor.exclusive;
  }
  compareFacts(now, before, file, causes);
  return [now, before].every((side) => side === undefined || side.exclusive);
}

function compareFacts(
  now: Governor | undefined,
  before: Governor | undefined,
  { path, status }: ChangedFile,
  causes: Causes,
): void {
  for (const key of new Set([...(now?.facts?.keys() ?? []), ...(before?.facts?.keys() ?? [])])) {
    const fact = now?.facts?.get(key);
    const old = before?.facts?.get(key);
    if (fact?.value === old?.value) continue;
    const governed = new Set([...(fact?.governs ?? []), ...(old?.governs ?? [])]);
    if ((fact ?? old)?.reach === "exact") {
      for (const root of governed) causes.path(root, path, status);
    } else if (governed.size > 0) {
      causes.doubt("global_input_changed", `${displayPath(path)}: ${key} changed`, [path], governed);
    }
  }
}

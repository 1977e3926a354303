import type { ChangeSet, Uncertainty } from "../../schemas/changes.ts";
import type { AffectedCause, AffectedComponent, AffectedReport } from "../../schemas/components.ts";
import type { Place } from "../../schemas/diagnostic.ts";
import { displayPath } from "../paths.ts";
import type { AffectedResult } from "./model.ts";

/** What `delta affected --json` prints, for any repository. Paths are as people read them. */
export function affectedReport(
  changes: ChangeSet,
  { direct, affected, uncertain }: Pick<AffectedResult, "direct" | "affected" | "uncertain">,
): AffectedReport {
  return {
    version: 1,
    base: changes.base,
    head: changes.head,
    merge_base: changes.merge_base,
    changed: (changes.changed ?? []).map(({ status, path, old_path: old }) =>
      old === undefined
        ? { status, path: displayPath(path) }
        : { status, path: displayPath(path), old_path: displayPath(old) },
    ),
    direct: direct.map(displayed),
    affected: affected.map(displayed),
    uncertain: uncertain.map(displayedDoubt),
  };
}

function displayed({ id, root, kind, because }: AffectedComponent): AffectedComponent {
  return { id: displayPath(id), root: displayPath(root), kind, because: because.map(displayedCause) };
}

function displayedCause(cause: AffectedCause): AffectedCause {
  switch (cause.cause) {
    case "path":
      return { ...cause, path: displayPath(cause.path) };
    case "dependency":
      return { ...cause, on: displayPath(cause.on), place: displayedPlace(cause.place) };
    case "lockfile":
      return { ...cause, lockfile: displayPath(cause.lockfile) };
    case "uncertain":
      return cause;
    default:
      return cause satisfies never;
  }
}

function displayedPlace(place: Place | null): Place | null {
  return place === null ? null : { ...place, file: displayPath(place.file) };
}

function displayedDoubt(doubt: Uncertainty): Uncertainty {
  return { ...doubt, paths: doubt.paths.map(displayPath), added: doubt.added.map(displayPath) };
}

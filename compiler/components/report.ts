import type { Uncertainty } from "../../schemas/changes.ts";
import type { AffectedCause, AffectedComponent, AffectedReport } from "../../schemas/components.ts";
import type { Place } from "../../schemas/diagnostic.ts";
import type { CompileInput } from "../input.ts";
import { displayPath } from "../paths.ts";
import { affectedComponents } from "./affected.ts";
import { discoverComponents } from "./discover.ts";
import type { AffectedOptions, DiscoverOptions } from "./model.ts";

/** What `delta affected --json` prints, for any repository. Paths are as people read them. */
export function affectedReport(
  input: Pick<CompileInput, "head" | "base" | "changes">,
  options: DiscoverOptions & AffectedOptions = {},
): AffectedReport {
  const { changes } = input;
  const head = discoverComponents(input.head, options);
  const base = input.base === null ? null : discoverComponents(input.base, options);
  const { direct, affected, uncertain } = affectedComponents({ head, base, changes, options });
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

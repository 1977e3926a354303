import { wantedManifests } from "../components/index.ts";

/** Where a repository keeps what configures its pipeline. */
const CONFIGURATION_FOLDER = ".delta/";

/** The paths, of those in one commit, whose contents a compile needs: configuration, manifests, lockfiles. */
export function wantedContents(paths: Iterable<string>): string[] {
  const all = [...paths];
  const wanted = new Set(wantedManifests(all));
  for (const path of all) if (path.startsWith(CONFIGURATION_FOLDER)) wanted.add(path);
  return [...wanted];
}

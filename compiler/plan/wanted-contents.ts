import { isManifest } from "../components/index.ts";
import { CONFIGURATION_FOLDER } from "../input.ts";

/** Whether a compile needs the content of what stands at a path: configuration, manifests, lockfiles. */
export function isWantedContent(path: string): boolean {
  return isManifest(path) || path.startsWith(CONFIGURATION_FOLDER);
}

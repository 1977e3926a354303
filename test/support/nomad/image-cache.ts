import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Folder of the user's cache in which images that tests made are kept. */
export async function imageCache(): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "delta-ci", "images");
  await mkdir(cache, { recursive: true });
  return cache;
}

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ServerAddress } from "./api-client.ts";

/** Where a laptop's control plane keeps its database, blobs and server.json. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment["DELTA_STATE_DIR"];
  if (own !== undefined && own !== "") return own;
  return join(environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "delta");
}

/** What the running server wrote about itself; null when there is no such file or it is not whole. */
export async function readServerFile(folder: string = stateFolder()): Promise<ServerAddress | null> {
  const text = await readFile(join(folder, "server.json"), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as { url?: unknown; token?: unknown };
    return typeof value.url === "string" && typeof value.token === "string"
      ? { url: value.url, token: value.token }
      : null;
  } catch {
    return null;
  }
}

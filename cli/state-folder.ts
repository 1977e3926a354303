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

/** Where a server is, and which process of which command it is; null for a command that is not known. */
export interface RunningServer extends ServerAddress {
  readonly pid: number;
  readonly startedBy: string | null;
}

/** What the running server wrote about itself; null when there is no such file or it is not whole. */
export async function readServerFile(folder: string = stateFolder()): Promise<RunningServer | null> {
  const text = await readFile(join(folder, "server.json"), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const { url, token, pid, started_by: by } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof url !== "string" || typeof token !== "string") return null;
    return { url, token, pid: Number(pid), startedBy: typeof by === "string" ? by : null };
  } catch {
    return null;
  }
}

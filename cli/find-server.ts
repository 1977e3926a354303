import { readFile } from "node:fs/promises";
import { ApiClient, type ServerAddress } from "./api-client.ts";
import { CliFailure } from "./failure.ts";
import type { ServerFlags } from "./server-flags.ts";
import { readServerFile } from "./state-folder.ts";

/**
 * The server to talk to: --server, else the one that wrote server.json into the state folder. Its
 * token: --token-file, else DELTA_TOKEN, else the one in server.json.
 */
export async function findServer(flags: ServerFlags): Promise<ApiClient> {
  if (flags.server !== undefined)
    return new ApiClient({ url: serverUrl(flags.server), token: await tokenOf(flags) });
  const file = await readServerFile();
  if (file === null) {
    const hint = "`delta up` starts one here; --server URL or DELTA_SERVER names another.";
    throw new CliFailure("server_missing", "no control plane runs for your state folder", hint);
  }
  return new ApiClient({ url: file.url, token: (await tokenOf(flags)) ?? file.token });
}

/** The live server of this state folder, or null: a file left behind by a killed server does not count. */
export async function findLiveServer(): Promise<ApiClient | null> {
  const file = await readServerFile();
  if (file === null) return null;
  const client = new ApiClient(file);
  return client.health().then(
    () => client,
    () => null,
  );
}

function serverUrl(text: string): ServerAddress["url"] {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliFailure("usage", `--server takes an http or https URL, not ${JSON.stringify(text)}`);
  }
  return url.origin;
}

async function tokenOf(flags: ServerFlags): Promise<string | null> {
  const path = flags["token-file"];
  if (path === undefined) return process.env["DELTA_TOKEN"] || null;
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    throw new CliFailure("file_unreadable", `cannot read the token file ${path}`, null, error);
  }
}

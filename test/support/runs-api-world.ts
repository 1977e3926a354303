import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LocalBlobStore } from "../../control-plane/blobs/local-blob-store.ts";
import { createApiAccess } from "../../control-plane/http/api-access.ts";
import { registerRunsApi } from "../../control-plane/http/runs-api.ts";
import { LogSignals } from "../../control-plane/logs/log-signals.ts";
import { createTestDatabase } from "./database.ts";
import { startHttpServer } from "./http-server.ts";

export const API_TOKEN = "a-token-of-the-api-for-tests";

/** The API of runs over HTTP with a database of its own; `call` and `post` carry the token. */
export async function runsApiWorld(localRepositories = true) {
  const { database } = await createTestDatabase();
  const root = mkdtempSync(join(tmpdir(), "delta-blobs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const logs = { database, blobs: new LocalBlobStore(root), signals: new LogSignals() };
  const access = createApiAccess(API_TOKEN);
  const server = await startHttpServer((app) =>
    registerRunsApi(app, { ...logs, access, version: "1.2.3", dispatcher: "fake", localRepositories }),
  );
  const call = (
    path: string,
    init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
  ) =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${API_TOKEN}`, ...init.headers },
    });
  const post = (path: string, body: unknown, headers = {}) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const end = (run: string) => database`
    update delta.runs set state = 'canceled', reason = 'canceled_by_user', finalized_at = clock_timestamp(),
      wake_at = null, version = version + 1 where id = ${run}`;
  return { database, logs, server, access, call, post, end };
}

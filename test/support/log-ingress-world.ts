import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LocalBlobStore } from "../../control-plane/blobs/local-blob-store.ts";
import { registerLogIngress } from "../../control-plane/http/log-ingress.ts";
import { LogSignals } from "../../control-plane/logs/log-signals.ts";
import { readLog } from "../../control-plane/logs/log-store.ts";
import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { createTestDatabase } from "./database.ts";
import { startHttpServer } from "./http-server.ts";
import { insertLease } from "./leases.ts";

/** The ingress of logs over HTTP with a database and a blob store of its own, and one lease that writes. */
export async function logIngressWorld(wrap: (store: BlobStore) => BlobStore = (store) => store) {
  const { database } = await createTestDatabase();
  const root = mkdtempSync(join(tmpdir(), "delta-logs-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const dependencies = { database, blobs: wrap(new LocalBlobStore(root)), signals: new LogSignals() };
  const server = await startHttpServer((app) => registerLogIngress(app, dependencies));
  const lease = await insertLease(database);
  const attempt = lease.attemptId as AttemptId;
  const url = `${server.url}/runner/v1/leases/${lease.leaseId}/logs`;
  const headers = { authorization: `Bearer ${lease.token}` };
  const append = async (
    offset: number | string,
    bytes: string | Uint8Array,
    stream = 1,
    epoch: number | string = lease.epoch,
  ) => {
    const answer = await fetch(`${url}/${stream}?epoch=${epoch}&offset=${offset}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/octet-stream" },
      body: Buffer.from(bytes),
    });
    return { status: answer.status, ...((await answer.json()) as { acked?: number; error?: string }) };
  };
  const close = async (text: string, change = {}) => {
    const answer = await fetch(`${url}/1/close`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({
        epoch: lease.epoch,
        size: text.length,
        sha256: sha256(text),
        truncated: false,
        ...change,
      }),
    });
    return { status: answer.status, ...((await answer.json()) as { acked?: number; error?: string }) };
  };
  const stored = async (offset = 0, stream = 1) => {
    const parts: Uint8Array[] = [];
    for await (const bytes of readLog(dependencies, attempt, stream, offset)) parts.push(bytes);
    return Buffer.concat(parts).toString();
  };
  return { ...dependencies, root, server, lease, attempt, append, close, stored };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

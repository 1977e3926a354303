import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { RunningDigests } from "../../control-plane/artifacts/running-digests.ts";
import { LocalBlobStore } from "../../control-plane/blobs/local-blob-store.ts";
import { registerArtifactIngress } from "../../control-plane/http/artifact-ingress.ts";
import { completeAttempt } from "../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease } from "../../control-plane/lifecycle/heartbeat.ts";
import type { BlobStore } from "../../schemas/blob-store.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { PlanArtifact } from "../../schemas/plan-job-parts.ts";
import type { AttemptSpec, ClaimReply, CompleteRequest } from "../../schemas/runner-protocol.ts";
import { createWorld } from "./control-plane-world.ts";
import { startHttpServer } from "./http-server.ts";
import { success } from "./leased-attempt.ts";

export const KEPT_MS = 30 * 24 * 60 * 60_000;

export function testArtifact(name: string, changes: Partial<PlanArtifact> = {}): PlanArtifact {
  return {
    name,
    paths: [name],
    type: "file",
    when: "success",
    expire_ms: null,
    required: false,
    place: { file: ".delta/pipeline.yaml", line: 1, column: 1 },
    ...changes,
  };
}

/** A runner of one attempt, as far as artifacts go. */
export interface ArtifactRunner {
  readonly attempt: string;
  readonly lease: ClaimReply["lease"];
  readonly spec: AttemptSpec;
}

export interface ArtifactAnswer {
  readonly status: number;
  readonly acked?: number;
  readonly error?: string;
}

/** A control plane without its servers, and the artifact routes over HTTP with a blob store of their own. */
export async function artifactWorld(wrap: (store: BlobStore) => BlobStore = (store) => store) {
  const world = await createWorld();
  const { database } = world;
  const root = mkdtempSync(join(tmpdir(), "delta-artifacts-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const blobs = wrap(new LocalBlobStore(root));
  const artifacts = { database, blobs, digests: new RunningDigests(), keptMs: KEPT_MS };
  const server = await startHttpServer((app) => registerArtifactIngress(app, artifacts));

  const runner = async (run: RunId, job: string): Promise<ArtifactRunner> => {
    await world.dispatchAll(run);
    const { id: attempt } = await world.attemptOf(run, job);
    const answer = await world.claim(attempt);
    if (answer.status !== "granted") throw new Error(answer.status);
    const { lease, spec } = answer.reply;
    await acknowledgeLease(
      database,
      { leaseId: lease.id, token: lease.token },
      { epoch: lease.epoch, seq: 1 },
    );
    return { attempt, lease, spec };
  };
  const complete = async ({ lease }: ArtifactRunner, changes: Partial<CompleteRequest> = {}) => {
    const sender = { leaseId: lease.id, token: lease.token };
    const answer = await completeAttempt(database, sender, { ...success(lease.epoch), ...changes });
    if (answer.status !== "ok") throw new Error(JSON.stringify(answer));
  };
  return { ...world, root, blobs, artifacts, server, runner, complete, ...calls(server.url) };
}

function calls(url: string) {
  const ask = async ({ lease }: ArtifactRunner, path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/runner/v1/leases/${lease.id}/artifacts/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${lease.token}`, ...(init.headers as Record<string, string>) },
    });
  const told = async (answer: Response): Promise<ArtifactAnswer> => ({
    status: answer.status,
    ...((await answer.json()) as Omit<ArtifactAnswer, "status">),
  });
  const send = async (
    by: ArtifactRunner,
    name: string,
    offset: number | string,
    bytes: string | Uint8Array,
    epoch: number | string = by.lease.epoch,
  ): Promise<ArtifactAnswer> =>
    told(
      await ask(by, `${name}?epoch=${epoch}&offset=${offset}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: Buffer.from(bytes),
      }),
    );
  const close = async (
    by: ArtifactRunner,
    name: string,
    content: string | Uint8Array,
    changes: object = {},
  ): Promise<ArtifactAnswer> =>
    told(
      await ask(by, `${name}/close`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          epoch: by.lease.epoch,
          size: content.length,
          sha256: sha256Of(content),
          files: 1,
          unpacked_bytes: content.length,
          ...changes,
        }),
      }),
    );
  /** One chunk and the end. */
  const leave = async (by: ArtifactRunner, name: string, content: string): Promise<void> => {
    for (const { status } of [await send(by, name, 0, content), await close(by, name, content)]) {
      if (status !== 200) throw new Error(`the artifact ${name} was refused with ${status}`);
    }
  };
  const fetchPart = async (
    by: ArtifactRunner,
    attempt: string,
    name: string,
    offset: number | string = 0,
    epoch = by.lease.epoch,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await ask(by, `${attempt}/${name}?epoch=${epoch}&offset=${offset}`);
    return { status: answer.status, text: await answer.text() };
  };
  return { send, close, leave, fetchPart };
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

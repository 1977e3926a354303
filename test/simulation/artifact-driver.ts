import { createHash } from "node:crypto";
import { appendArtifact, closeArtifact } from "../../control-plane/artifacts/artifact-store.ts";
import { RunningDigests } from "../../control-plane/artifacts/running-digests.ts";
import { hashToken } from "../../control-plane/lifecycle/tokens.ts";
import type { BlobStore } from "../../schemas/blob-store.ts";
import type { World } from "../support/control-plane-world.ts";
import { hold } from "./history-checker.ts";
import type { Random } from "./random.ts";
import type { KnownLease } from "./runner-driver.ts";

/** The one artifact that every job of a history may leave. */
export const ARTIFACT_NAME = "left";

function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    put: async (key, bytes) => void blobs.set(key, bytes),
    get: async (key) => blobs.get(key) ?? null,
    delete: async (key) => void blobs.delete(key),
    list: async (folder) => [...blobs.keys()].filter((key) => key.startsWith(`${folder}/`)),
  };
}

/** Adds to artifacts and closes them as runners do, rightly and wrongly. */
export class ArtifactDriver {
  readonly #world: World;
  readonly #random: Random;
  readonly #stores;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    const { database } = world;
    this.#stores = { database, blobs: memoryBlobs(), digests: new RunningDigests(), keptMs: 60_000 };
  }

  /** One chunk or one end, alone: a stale holder changes nothing, and a rightful one is not called stale. */
  async storeChecked(leases: readonly KnownLease[]): Promise<void> {
    const lease = this.#random.chance(0.6) ? leases.at(-1) : leases[this.#random.below(leases.length || 1)];
    if (lease === undefined) return;
    const epoch = this.#random.chance(0.15) ? lease.epoch + 1 : lease.epoch;
    const [before, rightful] = [await this.#rows(), await this.#holds(lease, epoch)];
    const writer = { leaseId: lease.id, token: lease.token, epoch, name: ARTIFACT_NAME };
    const content = "x".repeat(await this.#size(lease));
    const answer = this.#random.chance(0.7)
      ? await appendArtifact(this.#stores, writer, content.length, Buffer.from("x"))
      : await closeArtifact(this.#stores, writer, {
          size: content.length,
          sha256: createHash("sha256").update(content).digest("hex"),
          files: 1,
          unpacked_bytes: 1,
        });
    const stale = "refused" in answer && answer.refused === "stale_lease";
    hold(rightful !== stale, `I19: a holder that is ${rightful ? "rightful" : "stale"} was told the other`);
    if ("refused" in answer) {
      hold(
        (await this.#rows()) === before,
        `I19: an artifact refused as ${answer.refused} changed something`,
      );
    }
  }

  async #rows(): Promise<string> {
    const [row] = await this.#world.database<{ print: string }[]>`
      select jsonb_build_array((select jsonb_agg(to_jsonb(f) order by f.attempt_id) from delta.artifacts f),
        (select count(*) from delta.artifact_chunks))::text as print`;
    return row?.print ?? "";
  }

  async #size({ id }: KnownLease): Promise<number> {
    const [row] = await this.#world.database<{ acked: number }[]>`
      select f.acked from delta.artifacts f join delta.leases l on l.attempt_id = f.attempt_id where l.id = ${id}`;
    return row?.acked ?? 0;
  }

  async #holds({ id, token, epoch }: KnownLease, asked: number): Promise<boolean> {
    const rows = await this.#world.database`
      select from delta.leases where id = ${id} and token_hash = ${hashToken(token)} and epoch = ${asked}
        and state in ('granted', 'active') and expires_at > clock_timestamp()`;
    return rows.length === 1 && epoch === asked;
  }
}

import { createHash } from "node:crypto";
import { ArtifactCloseRequest } from "../../schemas/artifact-messages.ts";
import { ARTIFACT_CHUNK_BYTES_MAX } from "../../schemas/limits.ts";
import { validate } from "../../schemas/validate.ts";
import { refusal, type Reply } from "./stored-logs.ts";

interface StoredArtifact {
  bytes: Buffer;
  closed: ArtifactCloseRequest | null;
}

/** The artifacts of one attempt and those it may read, kept by the rules of the protocol: no gap, no second truth. */
export class StoredArtifacts {
  readonly #kept = new Map<string, StoredArtifact>();
  readonly #readable: ReadonlyMap<string, Buffer>;

  /** The bytes of what it may read, by `attempt/name`. */
  constructor(readable: ReadonlyMap<string, Buffer>) {
    this.#readable = readable;
  }

  /** Names of those that are stored whole. */
  get names(): readonly string[] {
    return [...this.#kept].filter(([, { closed }]) => closed !== null).map(([name]) => name);
  }

  get(name: string): Readonly<StoredArtifact> {
    const artifact = this.#kept.get(name) ?? { bytes: Buffer.alloc(0), closed: null };
    this.#kept.set(name, artifact);
    return artifact;
  }

  /** `path` is what comes after `artifacts/`. */
  reply(method: string, path: string, query: URLSearchParams, bytes: Buffer): Reply | Buffer {
    const parts = path.split("/");
    const offset = Number(query.get("offset"));
    if (method === "GET") return this.#read(path, offset);
    const name = parts[0] ?? "";
    return parts[1] === "close" ? this.#close(name, bytes) : this.#append(name, offset, bytes);
  }

  #read(key: string, offset: number): Reply | Buffer {
    const bytes = this.#readable.get(key);
    if (bytes === undefined) return refusal(410, "artifact_gone");
    return bytes.subarray(offset, offset + ARTIFACT_CHUNK_BYTES_MAX);
  }

  #append(name: string, offset: number, bytes: Buffer): Reply {
    if (bytes.length === 0 || bytes.length > ARTIFACT_CHUNK_BYTES_MAX)
      throw new Error(`a piece of ${bytes.length} bytes`);
    const artifact: StoredArtifact = this.get(name);
    const acked = artifact.bytes.length;
    if (artifact.closed !== null) return refusal(409, "artifact_closed");
    if (offset > acked) return refusal(416, "artifact_gap", acked);
    if (offset < acked)
      return artifact.bytes.subarray(offset, offset + bytes.length).equals(bytes)
        ? { status: 200, body: { acked } }
        : refusal(409, "artifact_conflict", acked);
    artifact.bytes = Buffer.concat([artifact.bytes, bytes]);
    return { status: 200, body: { acked: artifact.bytes.length } };
  }

  /** Throws when the runner's idea of its own artifact differs from what it sent. */
  #close(name: string, body: Buffer): Reply {
    const request = validate(ArtifactCloseRequest, JSON.parse(body.toString()));
    if (!request.ok) throw new Error(request.fault);
    const artifact: StoredArtifact = this.get(name);
    const { size, sha256 } = request.value;
    if (
      size !== artifact.bytes.length ||
      sha256 !== createHash("sha256").update(artifact.bytes).digest("hex")
    )
      throw new Error(`artifact ${name} was closed at ${size} bytes, ${artifact.bytes.length} are stored`);
    artifact.closed = request.value;
    return { status: 200, body: { acked: artifact.bytes.length } };
  }
}

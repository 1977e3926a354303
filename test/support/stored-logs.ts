import { createHash } from "node:crypto";
import { LOG_CHUNK_BYTES_MAX } from "../../schemas/limits.ts";
import type { LogCloseRequest, ProtocolErrorCode } from "../../schemas/runner-protocol.ts";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export function refusal(status: number, error: ProtocolErrorCode, acked?: number): Reply {
  const body = { error, message: "said by the stand-in", ...(acked === undefined ? {} : { acked }) };
  return { status, body };
}

interface StoredLog {
  bytes: Buffer;
  closed: { readonly size: number; readonly sha256: string; readonly truncated: boolean } | null;
}

/** The log streams of one attempt, kept by the rules of the protocol: no gap, no second truth, closed once. */
export class StoredLogs {
  readonly #streams = new Map<number, StoredLog>();

  get(stream: number): Readonly<StoredLog> {
    const log = this.#streams.get(stream) ?? { bytes: Buffer.alloc(0), closed: null };
    this.#streams.set(stream, log);
    return log;
  }

  append(stream: number, offset: number, bytes: Buffer): Reply {
    if (bytes.length === 0 || bytes.length > LOG_CHUNK_BYTES_MAX)
      throw new Error(`a chunk of ${bytes.length} bytes`);
    const log: StoredLog = this.get(stream);
    const acked = log.bytes.length;
    if (log.closed) return refusal(409, "log_closed", acked);
    if (offset > acked) return refusal(416, "log_gap", acked);
    const known = log.bytes.subarray(offset);
    if (!bytes.subarray(0, known.length).equals(known.subarray(0, bytes.length)))
      return refusal(409, "log_conflict", acked);
    log.bytes = Buffer.concat([log.bytes, bytes.subarray(known.length)]);
    return { status: 200, body: { acked: log.bytes.length } };
  }

  /** Throws when the runner's idea of its own log differs from what it sent. */
  close(stream: number, request: LogCloseRequest): Reply {
    const log: StoredLog = this.get(stream);
    const sha256 = createHash("sha256").update(log.bytes).digest("hex");
    if (request.size !== log.bytes.length || request.sha256 !== sha256)
      throw new Error(`log ${stream} was closed at ${request.size} bytes, ${log.bytes.length} are stored`);
    log.closed = { size: request.size, sha256, truncated: request.truncated };
    return { status: 200, body: { acked: log.bytes.length } };
  }
}

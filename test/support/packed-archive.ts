import { gzipSync } from "node:zlib";
import { Header, type HeaderData } from "tar";

export interface PackedEntry {
  readonly path: string;
  readonly type?: HeaderData["type"];
  readonly content?: string;
  readonly linkpath?: string;
  readonly mode?: number;
}

const BLOCK_BYTES = 512;

/** A gzipped tar of just these entries, whatever they are. */
export function packed(entries: readonly PackedEntry[]): {
  readonly archive: Buffer;
  readonly unpackedBytes: number;
} {
  let unpackedBytes = 0;
  const parts = entries.flatMap(({ content = "", type = "File", mode = 0o644, ...rest }) => {
    const header = new Header({ ...rest, type, mode, size: content.length, mtime: new Date(0) });
    header.encode();
    unpackedBytes += content.length;
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [header.block ?? Buffer.alloc(0), Buffer.from(content), padding];
  });
  return { archive: gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)])), unpackedBytes };
}

/**
 * Port: immutable bytes by key. Keys are `/`-separated segments of [a-z0-9._-]; an implementation
 * refuses anything else. Implementations: a local directory; S3-compatible stores later.
 */
export interface BlobStore {
  /** Durable when it resolves. Writing the same bytes again is fine; other bytes under one key throw BlobExists. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** null when there is no such blob. Throws BlobCorrupt when what is stored is not what was put. */
  get(key: string): Promise<Uint8Array | null>;
  delete(key: string): Promise<void>;
  /** The keys below a folder, in no order; none when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
}

/**
 * exists: the key holds other bytes. corrupt: what is stored is not what was put. invalid_key: our bug,
 * or an attempt to leave the store.
 */
export type BlobErrorCode = "exists" | "corrupt" | "invalid_key";

export class BlobError extends Error {
  readonly code: BlobErrorCode;

  constructor(code: BlobErrorCode, key: string) {
    super(`blob ${JSON.stringify(key.slice(0, 300))}: ${code}`);
    this.name = "BlobError";
    this.code = code;
  }
}

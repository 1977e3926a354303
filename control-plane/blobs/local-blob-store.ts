import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { BlobStore } from "../../schemas/blob-store.ts";
import { BlobError } from "./blob-error.ts";

const KEY = /^[a-z0-9_-][a-z0-9._-]{0,127}(\/[a-z0-9_-][a-z0-9._-]{0,127}){0,7}$/;
const DIGEST_BYTES = 32;

/**
 * Blobs as files of one folder. A file is the SHA-256 of the bytes, then the bytes. It appears under its
 * name only once it is whole and synced, so a crash leaves either the blob or an unnamed leftover.
 */
export class LocalBlobStore implements BlobStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(key);
    const folder = dirname(path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      await writeSynced(temporary, digestOf(bytes), bytes);
      await this.#name(temporary, path, key, bytes);
      await syncFolder(folder);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async get(key: string): Promise<Uint8Array | null> {
    const file = await readFile(this.#pathOf(key)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return null;
      }
      throw error;
    });
    if (file === null) {
      return null;
    }
    const bytes = file.subarray(DIGEST_BYTES);
    if (!digestOf(bytes).equals(file.subarray(0, DIGEST_BYTES))) {
      throw new BlobError("corrupt", key);
    }
    return bytes;
  }

  async delete(key: string): Promise<void> {
    await unlink(this.#pathOf(key)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") {
        throw error;
      }
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    const options = { recursive: true, withFileTypes: true } as const;
    const entries = await readdir(this.#pathOf(folder), options).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return [];
      }
      throw error;
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)))
      .filter((key) => KEY.test(key));
  }

  /** Gives the whole file its name. A name that is taken must hold the same bytes; one that rotted is replaced. */
  async #name(temporary: string, path: string, key: string, bytes: Uint8Array): Promise<void> {
    try {
      await link(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
      const stored = await this.get(key).catch((fault: unknown) => {
        if (fault instanceof BlobError) {
          return null;
        }
        throw fault;
      });
      if (stored === null) {
        await rename(temporary, path);
      } else if (!digestOf(stored).equals(digestOf(bytes))) {
        throw new BlobError("exists", key);
      }
    }
  }

  #pathOf(key: string): string {
    if (!KEY.test(key)) {
      throw new BlobError("invalid_key", key);
    }
    return join(this.#root, key);
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

async function writeSynced(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(Buffer.concat(parts));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

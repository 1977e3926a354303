import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { UnpackSync, type ReadEntry } from "tar";
import { leadsOut } from "./choose-files.ts";
import { ArtifactRefused } from "./refused.ts";

/** Faults that are none of the archive and of what stands where it is unpacked. */
const OF_THE_MACHINE = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENFILE", "ENOMEM"]);

export interface UnpackRequest {
  readonly archive: string;
  readonly root: string;
  /** What whoever packed it said it holds. */
  readonly files: number;
  readonly bytes: number;
}

/** What a tar may need for one entry beside its bytes: headers, a long path, padding. */
const BYTES_ABOUT_ENTRY_MAX = 16 * 1024;
/** The end of a tar, rounded up to the largest record in use. */
const BYTES_AT_END_MAX = 1024 * 1024;

/**
 * Unpacks files and links below the root, over what is there. Nothing is written through a link, outside the root or
 * beyond what was announced; the archive was made by a job, which may have been anybody's. Reading ends at the first fault.
 */
export async function unpack({ archive, root, files, bytes }: UnpackRequest): Promise<void> {
  const found = { files: 0, bytes: 0, fault: null as string | null };
  const links = new Set<string>();
  const takes = (path: string, entry: ReadEntry): boolean => {
    found.files += 1;
    found.bytes += entry.size;
    found.fault ??= faultOf(path, entry, links);
    if (found.files > files || found.bytes > bytes) found.fault ??= "it holds more than was announced";
    if (entry.type === "SymbolicLink") links.add(path);
    // No special bits: who may run a file as whom is not for another job to say.
    entry.mode = (entry.mode ?? 0o644) & 0o777;
    return found.fault === null;
  };
  // This process does nothing else, and a call for each small file is ten times faster than a turn of the loop.
  const unpacking = new UnpackSync({
    cwd: root,
    strict: true,
    preserveOwner: false,
    filter: (path, entry) => takes(path, entry as ReadEntry),
  });
  const lengthMax = bytes + files * BYTES_ABOUT_ENTRY_MAX + BYTES_AT_END_MAX;
  try {
    let length = 0;
    await pipeline(createReadStream(archive), createGunzip(), async (unpacked: AsyncIterable<Buffer>) => {
      for await (const part of unpacked) {
        length += part.length;
        unpacking.write(part);
        if (length > lengthMax) found.fault ??= "it holds more than was announced";
        if (found.fault !== null) throw new ArtifactRefused(found.fault);
      }
    });
    unpacking.end();
  } catch (cause) {
    if (cause instanceof ArtifactRefused) throw cause;
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (OF_THE_MACHINE.has(code)) throw cause;
    throw new ArtifactRefused(`it cannot be unpacked: ${message}`, { cause });
  }
  if (found.files !== files || found.bytes !== bytes)
    throw new ArtifactRefused(
      `it holds ${found.files} files of ${found.bytes} bytes, not what was announced`,
    );
}

/** What is wrong with an entry; paths that leave the root are refused by the library as well. */
function faultOf(path: string, { type, linkpath }: ReadEntry, links: ReadonlySet<string>): string | null {
  const parts = path.split("/");
  if (path.startsWith("/") || parts.includes("..")) return `the path ${path} leads out of the workspace`;
  if (parts.includes(".git")) return `the path ${path} is in a repository's own folder`;
  if (parts.some((_, length) => length > 0 && links.has(parts.slice(0, length).join("/"))))
    return `the path ${path} leads through a link`;
  if (type === "SymbolicLink")
    return leadsOut(path, linkpath ?? "/") ? `the link ${path} leads out of the workspace` : null;
  return type === "File" || type === "OldFile" ? null : `${path} is neither a file nor a link`;
}

/** One entry of an archive; `content` of a link is where it leads. */
export interface ArchiveEntry {
  /** Path without a leading slash; folders come before what is in them. */
  readonly path: string;
  readonly kind: "folder" | "file" | "link";
  /** Permission bits. */
  readonly mode: number;
  readonly content: Buffer;
}

const KIND_BITS = { folder: 0o040000, file: 0o100000, link: 0o120000 } as const;
const END = "TRAILER!!!";

/**
 * An archive in cpio's "newc" form, which Linux unpacks as its first file system. Everything belongs to
 * root and has no time, so the same entries are the same bytes.
 */
export function cpioArchive(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.map((entry, index) =>
    record(index + 1, KIND_BITS[entry.kind] | entry.mode, entry.path, entry.content),
  );
  return Buffer.concat([...parts, record(0, 0, END, Buffer.alloc(0))]);
}

function record(inode: number, mode: number, path: string, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  // Inode, mode, owner, group, links, time, size, four device numbers, length of the name, checksum.
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

/** Names and contents begin at multiples of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

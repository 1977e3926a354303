import { isAscii, isUtf8 } from "node:buffer";
import { decodePath } from "../../compiler/paths.ts";

/** A git answer of NUL-terminated records, as paths are held: nothing lost, whatever the bytes. Most repositories' paths are ASCII. */
export function decodeRecords(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : decodeOneByOne(bytes);
}

/** Bytes that are no UTF-8 are held apart from those beside them, so each path is read on its own. */
function decodeOneByOne(bytes: Buffer): string {
  const records: string[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const end = bytes.indexOf(0, start);
    const stop = end < 0 ? bytes.length : end;
    records.push(decodePath(bytes.subarray(start, stop)));
    start = stop + 1;
  }
  return records.join("\0");
}

import { decodePath } from "../../compiler/paths.ts";

/** The NUL-terminated records of a git answer, as paths are held: nothing lost, whatever the bytes. */
export function splitRecords(bytes: Buffer): string[] {
  try {
    const records = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).split("\0");
    if (records.at(-1) === "") records.pop();
    return records;
  } catch {
    return splitOneByOne(bytes);
  }
}

function splitOneByOne(bytes: Buffer): string[] {
  const records: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    const stop = end < 0 ? bytes.length : end;
    records.push(decodePath(bytes.subarray(start, stop)));
    start = stop + 1;
  }
  return records;
}

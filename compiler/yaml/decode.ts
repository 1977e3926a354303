import { CONFIG_FILE_BYTES_MAX } from "../../schemas/limits.ts";
import type { Report } from "../diagnostics/report.ts";
import { LINES_MAX } from "./limits.ts";

/** C0 controls other than tab, line feed and carriage return, DEL, and the two non-characters. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/;

/** The file's text, or null with a finding. A byte order mark is kept, so that offsets are the file's own. */
export function decodeText(file: string, bytes: Uint8Array, report: Report): string | null {
  const start = { file, start: 0, end: 0 };
  if (bytes.byteLength > CONFIG_FILE_BYTES_MAX) {
    const limit = CONFIG_FILE_BYTES_MAX / 1024;
    const size = Math.ceil(bytes.byteLength / 1024);
    report.add("DC1003", start, `\`${file}\` has ${size} KiB; a configuration file may have ${limit} KiB`);
    return null;
  }
  const text = decodeUtf8(bytes);
  if (text === null) {
    report.add("DC1004", start, `\`${file}\` is not UTF-8 text${guessEncoding(bytes)}`);
    return null;
  }
  const found = FORBIDDEN.exec(text);
  if (found) {
    const code = found[0].charCodeAt(0).toString(16).padStart(4, "0");
    const span = { file, start: found.index, end: found.index + 1 };
    report.add(
      "DC1004",
      span,
      `\`${file}\` has the control character U+${code.toUpperCase()}, which YAML does not allow`,
    );
    return null;
  }
  const tooLong = excessLine(text);
  if (tooLong === null) return text;
  const message = `More than ${LINES_MAX} lines in one file; split it`;
  report.add("DC1017", { file, start: tooLong, end: tooLong + 1 }, message);
  return null;
}

/** Where the first line too many begins; null when there is none. */
function excessLine(text: string): number | null {
  let lines = 1;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) {
    lines += 1;
    if (lines > LINES_MAX) return end;
  }
  return null;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function guessEncoding(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const hasUtf16Mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return hasUtf16Mark ? "; it looks like UTF-16, save it as UTF-8" : "; save it as UTF-8";
}

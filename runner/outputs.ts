import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { OUTPUTS_BYTES_MAX } from "../schemas/limits.ts";

/** What the steps handed on, and what is wrong with the rest; null: nothing. */
export interface WrittenOutputs {
  readonly outputs: Readonly<Record<string, string>>;
  readonly fault: string | null;
}

const NOTHING: WrittenOutputs = { outputs: {}, fault: null };

/**
 * Reads the file that steps wrote their outputs to. It was in their hands: a link, a pipe or anything else that
 * is not the plain file they were given is not read, for it could be a file that only the runner may see.
 */
export async function readOutputs(path: string, declared: readonly string[]): Promise<WrittenOutputs> {
  if (declared.length === 0) return NOTHING;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (file instanceof Error) {
    return file.code === "ENOENT" ? NOTHING : fault(`the file of outputs cannot be read: ${file.code}`);
  }
  try {
    const found = await file.stat();
    if (!found.isFile() || found.nlink !== 1)
      return fault("the file of outputs was replaced by something else");
    const bytes = Buffer.alloc(OUTPUTS_BYTES_MAX + 1);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    if (bytesRead > OUTPUTS_BYTES_MAX) return fault(`the outputs are larger than ${OUTPUTS_BYTES_MAX} bytes`);
    return parseOutputs(bytes.subarray(0, bytesRead), declared);
  } finally {
    await file.close();
  }
}

/** `NAME=value` lines; the last one of a name holds. The first line that is none ends the reading. */
export function parseOutputs(bytes: Uint8Array, declared: readonly string[]): WrittenOutputs {
  const outputs: Record<string, string> = {};
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fault("the outputs are not UTF-8 text");
  }
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return { outputs, fault: `line ${index + 1} of the outputs is not \`NAME=value\`` };
    if (!declared.includes(name))
      return {
        outputs,
        fault: `line ${index + 1} of the outputs sets "${name}", which is not among \`outputs\``,
      };
    if (value.includes("\0")) return { outputs, fault: `the output "${name}" holds a NUL character` };
    outputs[name] = value;
  }
  return { outputs, fault: null };
}

function fault(words: string): WrittenOutputs {
  return { outputs: {}, fault: words };
}

import { parseArgs } from "node:util";
import { pack, type PackedFiles } from "./pack.ts";
import { ArtifactRefused } from "./refused.ts";
import { unpack } from "./unpack.ts";

/** What a process that packs or unpacks says at its end, as one line of JSON. */
export type ArchiveAnswer =
  | ({ readonly outcome: "done" } & Partial<PackedFiles>)
  /** The files are not what an artifact may hold. */
  | { readonly outcome: "refused"; readonly why: string }
  /** The machine could not: no space, no permission. */
  | { readonly outcome: "failed"; readonly why: string };

/**
 * `pack` and `unpack`: the runner starts itself anew for them, as the user and in the control group of the steps. So what
 * an artifact may hold is what its job could read, and what unpacking may change is what the job could change.
 */
export async function runArchiveCommand(args: readonly string[]): Promise<ArchiveAnswer> {
  try {
    return await carryOut(args);
  } catch (error) {
    if (error instanceof ArtifactRefused) return { outcome: "refused", why: error.message };
    return { outcome: "failed", why: (error as Error).message };
  }
}

async function carryOut([command, ...args]: readonly string[]): Promise<ArchiveAnswer> {
  const text = { type: "string", default: "" } as const;
  const options = { root: text, archive: text, files: text, bytes: text };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const { root, archive, files, bytes } = values;
  if (command === "pack")
    return {
      outcome: "done",
      ...(await pack({ root, archive, globs: positionals, bytesMax: Number(bytes) })),
    };
  await unpack({ root, archive, files: Number(files), bytes: Number(bytes) });
  return { outcome: "done" };
}

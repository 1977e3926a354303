import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { artifactFileName } from "../schemas/artifact-file-name.ts";
import type { LeftArtifact } from "./artifacts.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";

/**
 * Where each artifact is written: below the folder, which is made if need be, no two under one name. A single one goes
 * to the path itself, unless that is a folder or written as one.
 */
export async function artifactPaths(
  artifacts: readonly LeftArtifact[],
  output: string,
  single: boolean,
): Promise<readonly string[]> {
  if (single && !output.endsWith("/") && !(await isFolder(output))) return [output];
  try {
    await mkdir(output, { recursive: true });
  } catch (error) {
    const message = `cannot make the folder ${output}: ${fileFault(error)}`;
    throw new CliFailure("file_unwritable", message, null, error);
  }
  const taken = new Set<string>();
  return artifacts.map(({ job, name, attempt_id }) => {
    const plain = artifactFileName(job, name);
    // Two keys may differ only in what a name cannot have; some systems do not tell capitals apart.
    const unique = taken.has(plain.toLowerCase()) ? artifactFileName(`${job}-${attempt_id}`, name) : plain;
    taken.add(unique.toLowerCase());
    return join(output, unique);
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

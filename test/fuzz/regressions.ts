import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "regressions");

/** Inputs that failed once, by file name. */
export function regressionsOf(target: string): readonly (readonly [name: string, input: Uint8Array])[] {
  const folder = join(FOLDER, target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))]);
}

/** Keeps an input for ever; its file's path. */
export function saveRegression(target: string, input: Uint8Array): string {
  const name = createHash("sha256").update(input).digest("hex").slice(0, 12);
  const path = join(FOLDER, target, name);
  mkdirSync(join(FOLDER, target), { recursive: true });
  writeFileSync(path, input);
  return path;
}

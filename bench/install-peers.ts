import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const FILES = ["package.json", "package-lock.json"].map((name) => join(import.meta.dirname, "peers", name));
const CACHE = join(import.meta.dirname, "..", "node_modules", ".cache", "delta-ci-bench");

/** The packages that are measured against, in a folder of their own. */
export interface Peers {
  readonly folder: string;
  /** A program that a peer brings. */
  readonly program: (name: string) => string;
}

/**
 * Installs the peers from the registry, unless this very lock file has been installed before. They are no
 * dependencies of the package and run none of their install scripts. A string says why they are not there.
 */
export function installPeers(): Peers | string {
  const hash = createHash("sha256");
  for (const file of FILES) hash.update(readFileSync(file));
  const folder = join(CACHE, hash.digest("hex").slice(0, 16));
  const peers: Peers = { folder, program: (name) => join(folder, "node_modules", ".bin", name) };
  // npm writes this file last.
  if (existsSync(join(folder, "node_modules", ".package-lock.json"))) return peers;
  mkdirSync(folder, { recursive: true });
  for (const file of FILES) cpSync(file, join(folder, basename(file)));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr, error } = spawnSync("npm", ["ci", ...options], { cwd: folder, encoding: "utf8" });
  if (status === 0) return peers;
  const said = error?.message ?? stderr.trim().split("\n").slice(0, 3).join(" ");
  return `npm could not install it (${said})`;
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * `npm ci` refuses a lock file that does not name every optional package of another platform. npm
 * leaves them out when the registry it was run against does not serve them, so they are named here:
 * `node test/tidy/complete-lockfile.ts [FILE]` adds what is missing, after a package was added.
 */
export interface Lockfile {
  packages: Record<string, LockedPackage>;
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const LOCKFILE = join(import.meta.dirname, "..", "..", "package-lock.json");
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];

export function readLockfile(file = LOCKFILE): Lockfile {
  return JSON.parse(readFileSync(file, "utf8")) as Lockfile;
}

/** Entries that the lock file should have and has not, by their place in node_modules. */
export function missingPackages({ packages }: Lockfile): Map<string, LockedPackage> {
  const missing = new Map<string, LockedPackage>();
  for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!/^\d/.test(version)) continue;
      const inside = `${path}/node_modules/${name}`;
      const beside = `${path.slice(0, path.lastIndexOf("node_modules/"))}node_modules/${name}`;
      const top = `node_modules/${name}`;
      const found = [inside, beside, top].find((place) => place in packages);
      if (found !== undefined && packages[found]?.version === version) continue;
      missing.set(found === undefined ? top : inside, platformPackage(name, version, dev === true));
    }
  }
  return missing;
}

/** What the name of a platform's package says of it, such as `binding-linux-arm64-musl`. */
function platformPackage(name: string, version: string, dev: boolean): LockedPackage {
  const parts = name.replace(/^.*\//, "").split("-");
  const system = parts.find((part) => SYSTEMS.includes(part));
  const processor =
    system === undefined ? parts.find((part) => part === "wasm32") : parts[parts.indexOf(system) + 1];
  const isMusl = parts.some((part) => part.startsWith("musl"));
  return {
    version,
    ...(processor === undefined ? {} : { cpu: [processor] }),
    ...(dev ? { dev: true } : {}),
    ...(system === "linux" ? { libc: [isMusl ? "musl" : "glibc"] } : {}),
    optional: true,
    ...(system === undefined ? {} : { os: [system] }),
  };
}

if (process.argv[1] === import.meta.filename) {
  const file = process.argv[2] ?? LOCKFILE;
  const lockfile = readLockfile(file);
  const missing = missingPackages(lockfile);
  const entries = [...Object.entries(lockfile.packages), ...missing];
  entries.sort(([left], [right]) => (left === "" ? -1 : right === "" ? 1 : left.localeCompare(right, "en")));
  writeFileSync(file, `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(entries) }, null, 2)}\n`);
  process.stdout.write(`${missing.size} packages of other platforms named\n`);
}

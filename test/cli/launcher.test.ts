import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, environment, finished, ROOT } from "./support/delta.ts";
import { temporaryFolder } from "./support/repository.ts";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** A program that says it is Node 20 to the launcher, and is otherwise the Node of this test. */
function oldNode(folder: string): { path: string; args: string[] } {
  const preload = join(folder, "old.cjs");
  writeFileSync(
    preload,
    "const versions = { ...process.versions, node: '20.18.1' };\n" +
      "if (process.env.DELTA_HANDED_OVER !== '1') Object.defineProperty(process, 'versions', { value: versions });\n",
  );
  return { path: process.execPath, args: ["--require", preload] };
}

describe("launcher", () => {
  test("--version prints the version of package.json and nothing else", async () => {
    const result = await delta(["--version"], { cwd: temporaryFolder() });
    expect(result).toEqual({ code: 0, signal: null, stdout: `delta ${version}\n`, stderr: "" });
  });

  test("--version --json is data", async () => {
    const result = await delta(["--version", "--json"], { cwd: temporaryFolder() });
    expect(JSON.parse(result.stdout)).toEqual({ version: 1, delta: version });
  });

  test("an older Node without a newer one beside it gets one clear sentence and exit code 2", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "pkg", "cli"), { recursive: true });
    cpSync(join(ROOT, "cli", "delta.js"), join(folder, "pkg", "cli", "delta.js"));
    writeFileSync(join(folder, "pkg", "package.json"), '{"type":"module","version":"9.9.9"}');
    const { path, args } = oldNode(folder);
    const child = spawn(path, [...args, join(folder, "pkg", "cli", "delta.js"), "plan"], {
      env: environment(),
    });
    const result = await finished(child);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^delta: Node 24 or newer is needed, this is v/);
  });

  test("an older Node hands over to the newer one installed beside the package, exit code and all", async () => {
    const folder = temporaryFolder();
    const bin = join(folder, "node_modules", ".bin");
    const pkg = join(folder, "node_modules", "delta-ci");
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(pkg, "cli"), { recursive: true });
    mkdirSync(join(pkg, "dist", "cli"), { recursive: true });
    cpSync(join(ROOT, "cli", "delta.js"), join(pkg, "cli", "delta.js"));
    writeFileSync(join(pkg, "package.json"), '{"type":"module","version":"9.9.9"}');
    const entry =
      "export async function main(argv) { console.log(JSON.stringify({ argv })); process.exit(7); }";
    writeFileSync(join(pkg, "dist", "cli", "main.js"), entry);
    symlinkSync(process.execPath, join(bin, "node"));
    const { path, args } = oldNode(folder);
    const child = spawn(path, [...args, join(pkg, "cli", "delta.js"), "plan", "--json"], {
      env: environment(),
    });
    const result = await finished(child);
    expect(result).toEqual({ code: 7, signal: null, stdout: '{"argv":["plan","--json"]}\n', stderr: "" });
  });
});

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeFolder } from "../../runner/workspace.ts";

/** A folder with another one many levels down, as tools of a job leave them. */
function deepFolder(): { readonly folder: string; readonly deep: string } {
  const folder = mkdtempSync(join(tmpdir(), "delta-workspace-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const deep = join(folder, "source", "node_modules", "a", "node_modules", "b", "cache", "c", "d");
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "file"), "");
  return { folder, deep };
}

test("a folder goes in which nothing may be written", async () => {
  const { folder, deep } = deepFolder();
  for (const one of [deep, join(folder, "source")]) chmodSync(one, 0o500);
  await removeFolder(folder);
  expect(existsSync(folder)).toBe(false);
});

test.runIf(process.platform === "linux" && process.getuid?.() === 0)(
  "a folder in which a job left a mount is given up within seconds, however deep that is",
  async () => {
    const { folder, deep } = deepFolder();
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", deep]);
    onTestFinished(() => void execFileSync("umount", [deep]));
    await expect(removeFolder(folder)).rejects.toThrow("EBUSY");
  },
  30_000,
);

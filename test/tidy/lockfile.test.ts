import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPackages, readLockfile } from "./complete-lockfile.ts";

const ROOT = join(import.meta.dirname, "..", "..");

test.each(["package-lock.json", "bench/peers/package-lock.json"])(
  "%s names the optional packages of every platform, so that npm ci takes it anywhere",
  (file) => {
    expect([...missingPackages(readLockfile(join(ROOT, file))).keys()]).toEqual([]);
  },
);

test("the check itself finds a package that is left out, and one of another version", () => {
  const packages = {
    "node_modules/a": { optionalDependencies: { "@a/linux-x64-musl": "1.0.0", "@a/win32-x64": "1.0.0" } },
    "node_modules/@a/win32-x64": { version: "2.0.0" },
  };
  expect(missingPackages({ packages })).toEqual(
    new Map([
      [
        "node_modules/@a/linux-x64-musl",
        { version: "1.0.0", cpu: ["x64"], libc: ["musl"], optional: true, os: ["linux"] },
      ],
      [
        "node_modules/a/node_modules/@a/win32-x64",
        { version: "1.0.0", cpu: ["x64"], optional: true, os: ["win32"] },
      ],
    ]),
  );
});

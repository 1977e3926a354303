import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const BUILD = join(import.meta.dirname, "../nomad-agent/build/build.ts");

/** Folders with programs that say which Nomad they are, and an empty cache. */
async function world() {
  const folder = await mkdtemp(join(tmpdir(), "delta-binary-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = async (place: string, version: string): Promise<string> => {
    await mkdir(join(folder, place), { recursive: true });
    const path = join(folder, place, "nomad");
    await writeFile(path, `#!/bin/sh\necho "Nomad v${version}"\n`);
    await chmod(path, 0o755);
    return path;
  };
  await mkdir(join(folder, "node"));
  await symlink(process.execPath, join(folder, "node/node"));
  /** `npm run nomad:build` with these folders alone on PATH, so without Go. */
  const build = async (path: readonly string[], variables: Record<string, string> = {}) => {
    const folders = [join(folder, "node"), ...path.map((place) => join(folder, place))];
    const env = { PATH: folders.join(delimiter), XDG_CACHE_HOME: join(folder, "cache"), ...variables };
    return await new Promise<{ code: number; said: string }>((resolve) => {
      execFile(process.execPath, [BUILD], { env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), said: stdout + stderr }),
      );
    });
  };
  return { program, build };
}

test("a Nomad on PATH of a known version is taken, and nothing is built", async () => {
  const { program, build } = await world();
  const nomad = await program("bin", "2.0.5");
  expect(await build(["bin"])).toEqual({ code: 0, said: `${nomad}: Nomad v2.0.5\n` });
});

test("the one that DELTA_NOMAD_BIN names comes before PATH", async () => {
  const { program, build } = await world();
  await program("bin", "2.0.5");
  const named = await program("named", "1.11.3");
  const answer = await build(["bin"], { DELTA_NOMAD_BIN: named });
  expect(answer).toEqual({ code: 0, said: `${named}: Nomad v1.11.3\n` });
});

test("a named one of an unknown version is refused by name, not replaced", async () => {
  const { program, build } = await world();
  await program("bin", "2.0.5");
  const named = await program("named", "1.9.0");
  const { code, said } = await build(["bin"], { DELTA_NOMAD_BIN: named });
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringContaining(`DELTA_NOMAD_BIN names ${named}`),
  });
});

test("an old one on PATH is passed over; without Go the way to the official release is told", async () => {
  const { program, build } = await world();
  await program("bin", "1.10.5");
  const { code, said } = await build(["bin"]);
  expect(code).toBe(1);
  expect(said).toMatch(/building Nomad needs Go 1\.26 or newer; or install HashiCorp's release of Nomad/);
  expect(said).not.toContain("    at ");
});

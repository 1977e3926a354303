import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { environment, ROOT, type Result } from "../cli/support/delta.ts";
import { makeRepository, temporaryFolder } from "../cli/support/repository.ts";

/**
 * What `npm pack` makes, installed: the tarball unpacked beside the packages it depends on, and
 * nothing of the checkout in reach. The registry is not asked.
 */
describe("the packed and installed program", () => {
  const world = mkdtempSync(join(tmpdir(), "delta-package-"));
  const installed = join(world, "node_modules", "delta-ci");
  const bin = join(world, "node_modules", ".bin", "delta");

  beforeAll(() => {
    const checkout = join(world, "checkout");
    for (const file of git("ls-files", "-z").split("\0").filter(existsSync)) {
      mkdirSync(dirname(join(checkout, file)), { recursive: true });
      cpSync(file, join(checkout, file));
    }
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    npm(checkout, "run", "--silent", "build");
    const packed = JSON.parse(npm(checkout, "pack", "--json", "--pack-destination", world)) as {
      filename: string;
    }[];
    mkdirSync(installed, { recursive: true });
    const tarball = join(world, packed[0]?.filename ?? "");
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    rmSync(checkout, { recursive: true });
    linkDependencies(join(world, "node_modules"));
  }, 120_000);

  afterAll(() => rmSync(world, { recursive: true, force: true }));

  function delta(
    args: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv = {},
  ): Pick<Result, "code" | "stdout"> {
    try {
      const stdout = execFileSync(bin, args, { cwd, encoding: "utf8", stdio: "pipe", env: environment(env) });
      return { code: 0, stdout };
    } catch (error) {
      const { status, stdout } = error as { status: number; stdout: string };
      return { code: status, stdout };
    }
  }

  test("holds what is needed to run and no source", () => {
    const names = readdirSync(installed);
    expect(names).toEqual(
      expect.arrayContaining(["LICENSE", "README.md", "cli", "dist", "package.json", "schemas"]),
    );
    expect(readdirSync(join(installed, "cli"))).toEqual(["delta.js"]);
    expect(existsSync(join(installed, "test"))).toBe(false);
    expect(existsSync(join(installed, "dist", "control-plane", "db", "migrations", "000001_core.sql"))).toBe(
      true,
    );
  });

  test("has the code of its command line in ASCII, in one byte for each character", () => {
    const folder = join(installed, "dist", "cli");
    const beyond = readdirSync(folder).filter((name) =>
      /[\u0080-\uffff]/.test(readFileSync(join(folder, name), "utf8")),
    );
    expect(beyond).toEqual([]);
  });

  test("answers --version and --help", () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect(delta(["--version"], world)).toEqual({ code: 0, stdout: `delta ${version}\n` });
    expect(delta(["plan", "--help"], world).stdout).toContain("$ delta plan");
  });

  test.runIf(process.platform === "linux")("makes a runner's folder that starts without this package", () => {
    const folder = join(world, "runner-folder");
    expect(delta(["nomad", "runner", "--out", folder], world)).toEqual({ code: 0, stdout: `${folder}\n` });
    const lib = join(folder, "lib");
    const program = [join(folder, "bin", "node"), join(folder, "delta-runner.mjs")];
    const args = ["--library-path", lib, ...program, "run", "--config", "/nowhere/runner.json"];
    const started = spawnSync(join(lib, "loader"), args, { encoding: "utf8", cwd: "/" });
    expect(started.status).toBeGreaterThan(0);
    expect(started.stderr).toContain("/nowhere/runner.json");
  });

  test("compiles the same plan as the checkout, to the byte", () => {
    const repository = makeRepository({
      ".delta/pipeline.yaml": "version: 1\nname: x\njobs:\n  a:\n    steps:\n      - run: echo a\n",
    });
    const folder = temporaryFolder();
    const launcher = join(ROOT, "cli", "delta.js");
    expect(delta(["plan", "--out", join(folder, "packed.json")], repository.path).code).toBe(0);
    execFileSync(process.execPath, [launcher, "plan", "--out", join(folder, "source.json")], {
      cwd: repository.path,
      env: environment(),
      stdio: "ignore",
    });
    expect(readFileSync(join(folder, "packed.json"))).toEqual(readFileSync(join(folder, "source.json")));
  });

  test("carries out a run with its own control plane, Postgres and runner", () => {
    const repository = makeRepository({
      ".delta/pipeline.yaml": "version: 1\nname: x\njobs:\n  a:\n    steps:\n      - run: echo a\n",
    });
    const { code, stdout } = delta(["run", "--all"], repository.path, { DELTA_STATE_DIR: temporaryFolder() });
    expect(stdout).toMatch(/✓ succeeded +a /);
    expect(code).toBe(0);
  });

  test("prints the schema and names a wrong command line", () => {
    expect(JSON.parse(delta(["schema"], world).stdout)).toHaveProperty("$schema");
    expect(delta(["plna"], world).code).toBe(2);
  });
});

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Every package that package.json needs to run, directly or not, and this Node; no development package. */
function linkDependencies(folder: string): void {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  mkdirSync(join(folder, ".bin"), { recursive: true });
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev === true || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    symlinkSync(join(ROOT, path), join(folder, name));
  }
  symlinkSync(process.execPath, join(folder, ".bin", "node"));
  symlinkSync(join(folder, "delta-ci", "cli", "delta.js"), join(folder, ".bin", "delta"));
}

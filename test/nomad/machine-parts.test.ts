import { access, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { providePart } from "../nomad-agent/machine-parts.ts";

const PART = { programs: ["engine", "tool"], packages: ["engine.io", "toolbox"] };

/** A folder of programs that stands for a machine. */
async function machine(programs: Record<string, string>) {
  const path = await mkdtemp(join(tmpdir(), "delta-machine-"));
  onTestFinished(() => rm(path, { recursive: true }));
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(path, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(path, name), 0o755);
  }
  return path;
}

/** Says what it was asked, and brings the tool when it installs. */
const apt = (path: string): string =>
  `echo "$@" >>${path}/asked; case $1 in install) echo '#!/bin/sh' >${path}/tool; /bin/chmod +x ${path}/tool;; esac`;

test("what is there is not installed", async () => {
  const path = await machine({ engine: "", tool: "", "apt-get": "exit 1" });
  expect(await providePart(PART, { path, isRoot: true })).toBeNull();
});

test("root's machine gets what is missing from packages", async () => {
  const path = await machine({ engine: "" });
  await writeFile(join(path, "apt-get"), `#!/bin/sh\n${apt(path)}\n`, { mode: 0o755 });
  expect(await providePart(PART, { path, isRoot: true })).toBeNull();
  expect(await readFile(join(path, "asked"), "utf8")).toBe(
    "update -qq\ninstall -y -qq --no-install-recommends engine.io toolbox\n",
  );
});

test("nobody else's machine is changed: it is told what would bring them", async () => {
  const path = await machine({ engine: "" });
  await writeFile(join(path, "apt-get"), `#!/bin/sh\n${apt(path)}\n`, { mode: 0o755 });
  const because = await providePart(PART, { path, isRoot: false });
  expect(because).toBe('tool not on PATH; "apt-get install engine.io toolbox" brings them');
  await expect(access(join(path, "asked"))).rejects.toThrow("ENOENT");
});

test("packages that cannot be had are a reason, in apt's words", async () => {
  const path = await machine({ "apt-get": "echo 'Unable to fetch some archives' >&2; exit 100" });
  const because = await providePart(PART, { path, isRoot: true });
  expect(because).toMatch(/^engine, tool not on PATH; "apt-get install .*which failed here: Command failed/);
});

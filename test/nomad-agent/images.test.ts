import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContainerWorld, hardened } from "../support/nomad/container-world.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { docker, importEmpty } from "../support/nomad/docker-engine.ts";
import { importMusl } from "../support/nomad/musl-image.ts";
import { missingPart } from "./parts.ts";

/** Node alone is 120 MB; more would be noticed by who copies it to every client. */
const FOLDER_MEGABYTES_MAX = 160;
const MEGABYTE = 1024 * 1024;

describe.runIf(missingPart("docker") === null)("the runner in images of every kind", () => {
  let world: ContainerWorld;
  beforeAll(async () => {
    world = await ContainerWorld.start();
    await importDebian(world.agent.folder, "delta-image-debian");
    await importMusl(world.agent.folder, "delta-image-musl");
    await importEmpty(world.agent.folder, "delta-image-empty");
  }, 300_000);
  afterAll(() => world?.stop());

  /** Carries the steps out in an image, and says how long its runner took to claim. */
  async function attemptIn(image: string, run: string) {
    const images = { defaultImage: `${image}:1`, allowed: [], requireDigest: false };
    const attempt = await world.finished([{ name: "look", run }], { profile: { ...hardened, images } });
    const claim = attempt.plane.calls.find(({ name }) => name === "claim");
    const startMs = Math.round((claim?.atMs ?? Number.NaN) - attempt.dispatchedAtMs);
    const size = await docker(world.agent.folder, ["image", "inspect", "--format={{.Size}}", `${image}:1`]);
    console.log(
      `${image}: ${Math.round(Number(size) / MEGABYTE)} MB, claimed ${startMs} ms after its dispatch`,
    );
    return attempt;
  }

  test("Debian: an attempt from claim to report", async () => {
    const { plane, report } = await attemptIn("delta-image-debian", "cat hello.txt /etc/debian_version");
    expect(report).toMatchObject({ outcome: "succeeded", reason: "ok" });
    expect(plane.log(1)).toMatch(/^from the mirror\n\d+\.\d+\n$/);
  });

  test("musl and BusyBox alone: an attempt from claim to report", async () => {
    const look = "cat hello.txt; readlink /bin/sh; ls /lib; ls -d /lib64 /usr/lib; /lib/ld-musl-*.so.1";
    const { plane, report } = await attemptIn("delta-image-musl", `set +e; ${look}; true`);
    expect(report).toMatchObject({ outcome: "succeeded", reason: "ok" });
    const said = plane.log(1);
    expect(said).toMatch(/^from the mirror\n\/bin\/busybox\nld-musl-\w+\.so\.1\n/);
    expect(said).toMatch(/ls: \/lib64: No such file[^\n]*\nls: \/usr\/lib: No such file[^\n]*\nmusl libc/);
  });

  test("nothing at all: the runner claims, and reports that there is no git", async () => {
    const { report } = await attemptIn("delta-image-empty", "true");
    expect(report).toMatchObject({
      reason: "checkout_failed",
      summary: "git was not found where the runner runs",
    });
  });

  test("its folder is of the size that operators are told", async () => {
    let bytes = 0;
    for (const entry of await readdir(world.runnerFolder, { recursive: true })) {
      const facts = await lstat(join(world.runnerFolder, entry));
      if (facts.isFile()) bytes += facts.size;
    }
    console.log(`runner's folder: ${Math.round(bytes / MEGABYTE)} MB`);
    expect(bytes / MEGABYTE).toBeLessThan(FOLDER_MEGABYTES_MAX);
  });
});

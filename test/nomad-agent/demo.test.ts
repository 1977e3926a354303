import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { jobsTable, runLine } from "../../cli/progress/run-text.ts";
import type { RunView } from "../../schemas/api.ts";
import { FIRST_COMMIT, makeShopRepository } from "../demo/shop-repository.ts";
import { ContainerWorld } from "../support/nomad/container-world.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { demoArchive } from "../support/nomad/demo-image.ts";
import { docker } from "../support/nomad/docker-engine.ts";
import { MachineWorld } from "../support/nomad/machine-world.ts";
import { missingPart } from "./parts.ts";

const PAGE = join(import.meta.dirname, "../../docs/operate/nomad-transcripts.md");
/** Five machines one after the other, emulated, on a machine that others use. */
const DEMO_MS = 1_500_000;
/** An emulated machine waits for the processor longer than a lease lives by default; this is about what a run shows. */
const leaseTiming = { ttlMs: 240_000, heartbeatIntervalMs: 8_000, marginMs: 5_000 };
const RESOURCES = {
  resources: { cpu_millis: 1_000, memory_mb: 512, disk_mb: 500 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 2_000 },
};

/** Compares with what the page shows under a heading; DELTA_WRITE_TRANSCRIPTS=1 puts it there instead. */
async function expectTranscript(heading: string, transcript: string): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const block = new RegExp(`(## ${heading}\n(?:(?!\`\`\`)[^])*\`\`\`text\n)([^]*?)(\`\`\`)`);
  if (process.env["DELTA_WRITE_TRANSCRIPTS"] === "1") {
    await writeFile(
      PAGE,
      page.replace(block, (_all, before: string, _old, after: string) => before + transcript + after),
    );
    return;
  }
  expect(transcript).toBe(block.exec(page)?.[2]);
}

/** The whole repository of the demo, every job, as `delta runs show` and `delta runs logs` print it. */
async function runDemo(plane: PlaneOnNomad): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "delta-shop-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const shop = makeShopRepository(join(folder, "shop"));
  const commit = shop.commit("Open the shop", FIRST_COMMIT);
  const { id } = await plane.runAll({ path: shop.path, commit, remove() {} });
  const run = await plane.untilRun(id, "the demo's run to end", hasEnded);
  const logs = await Promise.all(run.jobs.map((job) => logsOf(plane, job)));
  const shown = `$ delta runs show ${run.number}\n${jobsTable(run, 0, process.stdout)}\n${runLine(run, 0, process.stdout)}\n`;
  expect(run.state, `${shown}${logs.join("")}${JSON.stringify(run.jobs, null, 1)}`).toBe("succeeded");
  const lines = `${shown}${logs.join("")}`.split("\n").map((line) => normalised(line).trimEnd());
  return `${lines.join("\n").trimEnd()}\n`;
}

async function logsOf(plane: PlaneOnNomad, job: RunView["jobs"][number]): Promise<string> {
  const [attempt] = job.attempts;
  if (attempt === undefined) return "";
  const [own, step] = [await plane.logText(attempt.id, 0), await plane.logText(attempt.id, 1)];
  return `\n$ delta runs logs ${job.key}\n${own}${step}`;
}

/** What differs from one run to the next: times with the columns they widen, and ids of commits and runs. */
function normalised(line: string): string {
  return line
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, "<id>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "<commit>")
    .replaceAll(/\b[0-9a-f]{10,12}\b/g, "<commit>")
    .replaceAll(/ *\b(\d+m )?\d+(\.\d+)? ?(ms|s|m)\b/g, " <time>")
    .replaceAll(/(<time> )+<time>/g, "<time>")
    .replaceAll(/(?<=\S) {2,}/g, "  ");
}

describe.runIf(missingPart("docker") === null)("the demo's repository in containers", () => {
  test("runs, and the page shows how", { timeout: DEMO_MS }, async () => {
    const world = await ContainerWorld.start();
    onTestFinished(() => world.stop());
    await docker(world.agent.folder, ["import", await demoArchive(), "demo:1"]);
    const task = { driver: "docker", default_image: "demo:1" };
    const pool = { task, ...RESOURCES };
    const plane = await startPlaneOnNomad(world.agent, { installation: "demo", pool, waitMs: DEMO_MS });
    onTestFinished(() => plane.stop());
    const relay = await world.relayTo(plane.plane.url);
    onTestFinished(() => relay.close());
    await expectTranscript("In containers", await runDemo(plane));
  });
});

describe.runIf(missingPart("qemu") === null)("the demo's repository in virtual machines", () => {
  test("runs, and the page shows how", { timeout: DEMO_MS }, async () => {
    const world = await MachineWorld.start(["--from", await demoArchive()]);
    onTestFinished(() => world.stop());
    const on = { address: world.agent.address, logTail: () => world.logTail() };
    const pool = { task: world.task(), ...RESOURCES };
    // One machine at a time: they are emulated, and share the processor with the test.
    const overrides = { poolCaps: { default: 1 }, leaseTiming };
    const plane = await startPlaneOnNomad(on, { installation: "demo", pool, overrides, waitMs: DEMO_MS });
    onTestFinished(() => plane.stop());
    const relay = await world.relayTo(plane.plane.url);
    onTestFinished(() => relay.close());
    await expectTranscript("In virtual machines", await runDemo(plane));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { withDeadline } from "../../support/deadline.ts";
import { deliver, pushDelivery } from "../../support/github/deliveries.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { HOSTILE_COMMITS } from "../../support/hostile/commits.ts";
import { type MeasuredPlane, startMeasuredPlane } from "../../support/measured-plane.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";
import type { StartOptions } from "../../../control-plane/main.ts";

/** No turn of the server's event loop may compute for longer, whatever is compiled. */
const TURN_MS_MAX = 100;
/** Generous: a slow machine is no failure. */
const DEADLINE_MS = 90_000;
const GOOD = { ".delta/pipeline.yaml": "version: 1\nname: ci\njobs: { build: { steps: [make] } }\n" };
const FINAL = ["plan_failed", "queued", "running", "succeeded"];

interface RunRow {
  readonly state: string;
  readonly reason: string | null;
  readonly reason_detail: string | null;
  readonly diagnostics: readonly { readonly code: string }[] | null;
}

/** A server of its own with a GitHub of its own, and one repository to push to. */
async function world(planner?: StartOptions["planner"]) {
  const { database, settings } = await createTestDatabase();
  const github = await GitHubStandIn.start();
  onTestFinished(() => github[Symbol.asyncDispose]());
  const source = new ScratchRepository();
  const repository = github.addRepository("ada/engine", source.path);
  const plane = await startMeasuredPlane(github, settings, planner);
  let before: string | null = null;
  return {
    plane,
    /** Commits the files and tells the server of it. */
    push: async (files: Readonly<Record<string, string>>) => {
      const after = source.commit(files);
      const delivery = pushDelivery(repository, github.url, { before, after });
      before = after;
      const tell = (): Promise<number> =>
        deliver(`${plane.url}/webhooks/github`, github.webhookSecret, delivery).then(({ status }) => status);
      expect(await tell()).toBe(202);
      return { head: after, tell };
    },
    runOf: async (head: string): Promise<RunRow | undefined> =>
      (
        await database<RunRow[]>`
        select state, reason, reason_detail, diagnostics from delta.runs where head_sha = ${head}`
      )[0],
  };
}

type World = Awaited<ReturnType<typeof world>>;

/** Asks the server again and again until the run is planned or refused; each question must be answered. */
async function askUntilPlanned({ plane, runOf }: World, pushed: Awaited<ReturnType<World["push"]>>) {
  const states: string[] = [];
  const answers: unknown[] = [];
  let run: RunRow | undefined;
  await withDeadline(
    "the run to be planned or refused",
    DEADLINE_MS,
    async () => {
      run = await runOf(pushed.head);
      if (run !== undefined && FINAL.includes(run.state)) return true;
      const asked = [healthOf(plane), pushed.tell()];
      answers.push(await Promise.all(asked.map((answer) => answer.catch((error: unknown) => error))));
      states.push(run?.state ?? "");
      return false;
    },
    async () => `it is ${run?.state}`,
  );
  for (const answer of answers) expect(answer).toEqual([200, 202]);
  return { run: run as RunRow, states };
}

async function healthOf({ url }: MeasuredPlane): Promise<number> {
  return (await fetch(`${url}/api/v1/health`)).status;
}

/** What else the machine does bunches events into one turn; a turn that is long by itself is long each time. */
const TRIES = 3;

/** Does the work, again where a turn of the loop was too long meanwhile; one time none may be. */
async function inShortTurns(
  { plane }: World,
  name: string,
  work: (time: number) => Promise<void>,
): Promise<void> {
  const longest: number[] = [];
  do {
    await plane.longestTurnMs();
    await work(longest.length);
    longest.push(await plane.longestTurnMs());
  } while (Math.min(...longest) >= TURN_MS_MAX && longest.length < TRIES);
  expect(Math.min(...longest), name).toBeLessThan(TURN_MS_MAX);
}

test(
  "whatever a commit holds, the server goes on answering and no turn of its event loop is long",
  async () => {
    const one = await world();
    // What runs for the first time is compiled then; that is not what is measured.
    await askUntilPlanned(one, await one.push(GOOD));
    for (const { name, files, code } of HOSTILE_COMMITS) {
      await inShortTurns(one, name, async (time) => {
        const pushed = await one.push({ ...GOOD, ...files, "time.txt": `${name} ${time}` });
        const { run } = await askUntilPlanned(one, pushed);
        expect(run.diagnostics?.map((found) => found.code) ?? [], name).toContain(code);
      });
    }
    expect(one.plane.isAlive()).toBe(true);
    expect((await askUntilPlanned(one, await one.push(GOOD))).run.state).not.toBe("plan_failed");
  },
  4 * DEADLINE_MS,
);

test.each([
  [
    "spins",
    1_000,
    "process.on('message', () => { for (;;); });",
    "planning took longer than 1 s and was ended",
  ],
  [
    "runs out of memory",
    DEADLINE_MS,
    "process.on('message', () => { const all = []; for (;;) all.push(new Array(2 ** 22).fill(0)); });",
    "the planning process ended before it answered",
  ],
])(
  "a compile that %s ends the run with a reason, and the server answers meanwhile",
  async (_, timeoutMs, text, detail) => {
    const folder = mkdtempSync(join(tmpdir(), "delta-planner-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const program = join(folder, "child.mjs");
    writeFileSync(program, text);
    const one = await world({ program, timeoutMs });
    expect(await healthOf(one.plane)).toBe(200);
    await inShortTurns(one, text, async (time) => {
      const pushed = await one.push({ ...GOOD, "time.txt": String(time) });
      const { run, states } = await askUntilPlanned(one, pushed);
      expect(run).toMatchObject({ state: "plan_failed", reason: "internal_error", reason_detail: detail });
      // Between the two tries lie seconds, in which the run is being planned.
      expect(states).toContain("planning");
    });
    expect(one.plane.isAlive()).toBe(true);
    expect(await healthOf(one.plane)).toBe(200);
  },
  4 * DEADLINE_MS,
);

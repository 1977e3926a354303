import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createPlanningTurns, type Waiting } from "../../../control-plane/tasks/planning-turns.ts";
import type { RepositoryId, RunId } from "../../../schemas/ids.ts";
import { createTestDatabase } from "../../support/database.ts";
import { withDeadline } from "../../support/deadline.ts";
import { deliver, pushDelivery } from "../../support/github/deliveries.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { startMeasuredPlane } from "../../support/measured-plane.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
const STUCK_RUNS = 40;

test("a repository whose plans all hang does not keep those of another waiting behind them", async () => {
  const { database, settings } = await createTestDatabase();
  const github = await GitHubStandIn.start();
  onTestFinished(() => github[Symbol.asyncDispose]());
  const [stuck, good] = [new ScratchRepository(), new ScratchRepository()];
  const [bad, other] = [
    github.addRepository("eve/stuck", stuck.path),
    github.addRepository("ada/engine", good.path),
  ];
  const head = good.commit({ "a.txt": "1" });
  const folder = mkdtempSync(join(tmpdir(), "delta-planner-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "child.mjs");
  const answer = `{ id, ok: true, result: { digest: null, canonical: null, diagnostics: [], wanted: [] } }`;
  writeFileSync(
    program,
    `process.on("message", ({ id, request }) => request.head === "${head}" && process.send(${answer}));`,
  );
  const plane = await startMeasuredPlane(github, settings, { program, timeoutMs: 500 });
  const push = async (repository: typeof bad, after: string): Promise<void> => {
    const told = pushDelivery(repository, github.url, { before: null, after });
    expect((await deliver(`${plane.url}/webhooks/github`, github.webhookSecret, told)).status).toBe(202);
  };
  for (let run = 0; run < STUCK_RUNS; run += 1) await push(bad, stuck.commit({ "a.txt": `${run}` }));
  await push(other, head);
  const isPlanned = async (): Promise<boolean> =>
    (await database`select from delta.runs where head_sha = ${head} and state = 'plan_failed'`).length === 1;
  const begun = async (): Promise<number> => {
    const [row] = await database<{ tries: number }[]>`
      select sum(planning_attempts)::int as tries from delta.runs where head_sha <> ${head}`;
    return row?.tries ?? 0;
  };
  const told = async (): Promise<string> => `${await begun()} plans of the other repository were begun`;
  await withDeadline("the run of the other repository", 45_000, isPlanned, told);
  expect(await begun()).toBeLessThan(STUCK_RUNS / 2);
}, 60_000);

/** Plans that go on until they are told to end. */
function turnsOf() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const turns = createPlanningTurns<Waiting>(({ run }) => {
    begun.push(run);
    return new Promise((resolve) => ends.set(run, resolve));
  }, SILENT);
  const add = (repository: string, ...runs: readonly string[]): void => {
    for (const run of runs) turns.add({ run: run as RunId, repository: repository as RepositoryId });
  };
  const end = async (run: string): Promise<void> => {
    ends.get(run)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, begun, add, end };
}

test("a repository plans two commits at a time, and its next when one of them is planned", async () => {
  const { begun, add, end } = turnsOf();
  add("a", "a1", "a2", "a3", "a4");
  expect(begun).toEqual(["a1", "a2"]);
  await end("a2");
  expect(begun).toEqual(["a1", "a2", "a3"]);
});

test("repositories have their turns one after the other, whoever waits with more", async () => {
  const { begun, add, end } = turnsOf();
  for (const repository of ["a", "b", "c", "d", "e"]) {
    add(repository, `${repository}1`, `${repository}2`, `${repository}3`);
  }
  expect(begun).toHaveLength(8);
  await end("a1");
  await end("a2");
  expect(begun.slice(8)).toEqual(["a3", "e1"]);
});

test("a run that waits or is planned is not planned twice, and again once it ended", async () => {
  const { begun, add, end } = turnsOf();
  add("a", "a1", "a1", "a2", "a3", "a3");
  await end("a1");
  await end("a2");
  expect(begun).toEqual(["a1", "a2", "a3"]);
  add("a", "a1");
  expect(begun).toEqual(["a1", "a2", "a3", "a1"]);
});

test("stopping begins no further one and waits for those under way", async () => {
  const { turns, begun, add, end } = turnsOf();
  add("a", "a1", "a2", "a3");
  let isStopped = false;
  const stopping = turns.stop().then(() => (isStopped = true));
  await end("a1");
  expect(isStopped).toBe(false);
  await end("a2");
  await stopping;
  add("b", "b1");
  expect(begun).toEqual(["a1", "a2"]);
});

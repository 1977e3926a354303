import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Group, Member } from "../../../control-plane/scheduler/concurrency.ts";
import { decideAdmission } from "../../../control-plane/scheduler/decide-admission.ts";
import type { Candidate } from "../../../control-plane/scheduler/room.ts";
import type { AttemptId, RepositoryId, RunId } from "../../../schemas/ids.ts";

const anyGroup: fc.Arbitrary<Group | null> = fc.option(
  fc.record({
    key: fc.constantFrom("g", "h"),
    name: fc.constant("group"),
    limit: fc.integer({ min: 1, max: 3 }),
    onConflict: fc.constantFrom("queue", "cancel_older", "latest"),
  }),
);

const anyJob = fc.record({
  group: anyGroup,
  pool: fc.constantFrom("default", "big"),
  priority: fc.integer({ min: 0, max: 1 }),
  interruptible: fc.boolean(),
});

const anyRuns = fc.array(
  fc.record({ group: anyGroup, jobs: fc.array(anyJob, { minLength: 1, maxLength: 4 }) }),
  { minLength: 1, maxLength: 6 },
);

type JobFacts = typeof anyJob extends fc.Arbitrary<infer Facts> ? Facts : never;
type RunFacts = typeof anyRuns extends fc.Arbitrary<(infer Facts)[]> ? Facts : never;

interface PlayedJob extends JobFacts {
  readonly id: AttemptId;
  readonly run: number;
  state: "waits" | "runs" | "ending" | "ended";
}

interface PlayedRun {
  readonly id: RunId;
  readonly number: number;
  readonly group: Group | null;
  readonly jobs: PlayedJob[];
  holds: boolean;
  isEnding: boolean;
}

function play(facts: RunFacts, number: number): PlayedRun {
  const jobs = facts.jobs.map((job, index) => ({
    ...job,
    id: `${number}.${index}` as AttemptId,
    run: number,
    state: "waits" as const,
  }));
  return { id: `run ${number}` as RunId, number, group: facts.group, jobs, holds: false, isEnding: false };
}

function memberOf(job: PlayedJob): Member<AttemptId> | null {
  const { id, group, run, state, interruptible } = job;
  if (group === null) return null;
  const isEnding = state === "ending";
  const mayBeEnded = !isEnding && (interruptible || state === "waits");
  return { id, group, run, label: `${id} of run ${run}`, holds: state !== "waits", isEnding, mayBeEnded };
}

function makeWay(job: PlayedJob): void {
  if (job.state === "waits") job.state = "ended";
  if (job.state === "runs") job.state = "ending";
}

const isLive = (run: PlayedRun): boolean => run.jobs.some(({ state }) => state !== "ended");

/** One pass of admission over the runs there are; holds what was decided against what was promised. */
function pass(runs: readonly PlayedRun[]): number {
  const live = runs.filter(isLive);
  const jobs = live.flatMap((run) => run.jobs);
  const waiting = live
    .filter(({ isEnding }) => !isEnding)
    .flatMap((run) => run.jobs.filter(({ state }) => state === "waits"));
  const candidates = waiting.map(
    (job, position): Candidate => ({
      attempt: job.id,
      run: `run ${job.run}` as RunId,
      repository: "repository" as RepositoryId,
      pool: job.pool,
      priority: job.priority,
      remainingPath: 1 + (position % 2),
      queuedAt: 0,
      position,
      cells: null,
      member: memberOf(job),
    }),
  );
  const alive = jobs.filter(({ state }) => state === "runs" || state === "ending");
  const decision = decideAdmission({
    candidates,
    capacity: {
      poolCaps: { default: 2, big: 1 },
      inPool: new Map(
        ["default", "big"].map((pool) => [pool, alive.filter((job) => job.pool === pool).length]),
      ),
      runCaps: new Map(),
      inRun: new Map(),
      inRepository: new Map(),
      inCells: new Map(),
      inGroups: alive.flatMap((job) => memberOf(job) ?? []),
    },
    runs: live.flatMap(({ id, number, group, holds, isEnding }) =>
      group === null ? [] : [{ id, group, run: number, label: id, holds, isEnding, mayBeEnded: !isEnding }],
    ),
    yielding: new Map(),
  });
  const { admitted, pending, supersededAttempts, supersededRuns } = decision;
  const answered = waiting.filter(({ run }) => !supersededRuns.has(`run ${run}` as RunId));
  for (const { id } of answered) {
    const answers = [admitted.includes(id), pending.has(id), supersededAttempts.has(id)];
    expect(answers.filter(Boolean), `${id} is answered once`).toHaveLength(1);
  }
  for (const job of jobs.filter(({ id }) => supersededAttempts.has(id))) {
    expect(job.state === "waits" || job.interruptible, "what is not interruptible stays").toBe(true);
    expect(Number(supersededAttempts.get(job.id)?.split(" ").at(-1))).toBeGreaterThan(job.run);
    makeWay(job);
  }
  for (const run of live) {
    if (supersededRuns.has(run.id)) {
      run.isEnding = true;
      run.jobs.forEach(makeWay);
    }
    for (const job of run.jobs.filter(({ id }) => admitted.includes(id))) {
      job.state = "runs";
      run.holds = true;
    }
  }
  checkLimits(runs);
  return admitted.length + supersededAttempts.size + supersededRuns.size;
}

/** I26: the limits hold after every step. */
function checkLimits(runs: readonly PlayedRun[]): void {
  const jobs = runs.flatMap((run) => run.jobs).filter(({ state }) => state === "runs" || state === "ending");
  for (const held of [jobs, runs.filter((run) => run.holds && isLive(run))]) {
    for (const key of ["g", "h"]) {
      const groups = held.flatMap(({ group }) => (group?.key === key ? [group] : []));
      const limit = Math.min(...groups.map((group) => group.limit));
      expect(groups.length, `members of ${key}`).toBeLessThanOrEqual(groups.length === 0 ? 0 : limit);
    }
  }
}

test("no limit is passed, everybody is answered, and whoever waits starts or makes way in the end (I26)", () => {
  fc.assert(
    fc.property(anyRuns, fc.infiniteStream(fc.nat()), (facts, choices) => {
      const runs: PlayedRun[] = [];
      const choose = (most: number): number => (choices.next().value as number) % most;
      const steps = 200;
      for (let step = 0; step < steps && (runs.length < facts.length || runs.some(isLive)); step += 1) {
        const next = facts[runs.length];
        if (next !== undefined && choose(2) === 0) runs.push(play(next, runs.length + 1));
        const moved = pass(runs);
        const running = runs
          .flatMap((run) => run.jobs)
          .filter(({ state }) => state === "runs" || state === "ending");
        const waits = runs.some((run) => run.jobs.some(({ state }) => state === "waits"));
        expect(running.length > 0 || moved > 0 || !waits, "somebody can go on").toBe(true);
        const ended = running[choose(Math.max(1, running.length))];
        if (ended !== undefined) ended.state = "ended";
      }
      expect(runs.filter(isLive), "all came to an end").toEqual([]);
    }),
    { numRuns: 500 },
  );
});

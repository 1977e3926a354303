import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit } from "../../../control-plane/scheduler/admission.ts";
import { remainingPaths } from "../../../control-plane/scheduler/remaining-path.ts";
import type { Candidate, Capacity } from "../../../control-plane/scheduler/room.ts";
import type { AttemptId, RepositoryId, RunId } from "../../../schemas/ids.ts";
import { needs, testJob, testPlan } from "../../support/plans.ts";

function candidate(attempt: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    attempt: attempt as AttemptId,
    run: "run" as RunId,
    repository: "repository" as RepositoryId,
    pool: "default",
    priority: 0,
    remainingPath: 1,
    queuedAt: 0,
    position: 0,
    member: null,
    cells: null,
    ...changes,
  };
}

function capacity(changes: Partial<Capacity> = {}): Capacity {
  return {
    poolCaps: { default: 2 },
    inPool: new Map(),
    runCaps: new Map(),
    inRun: new Map(),
    inRepository: new Map(),
    inCells: new Map(),
    inGroups: [],
    runWaits: new Map(),
    ...changes,
  };
}

const repository = (name: string): RepositoryId => name as RepositoryId;
const roomy = capacity({ poolCaps: { default: 100 } });

describe("admission", () => {
  test("fills a pool and tells the others why they wait", () => {
    const { admitted, pending } = admit(
      ["a", "b", "c"].map((id) => candidate(id)),
      capacity(),
    );
    expect(admitted).toEqual(["a", "b"]);
    expect([...pending]).toEqual([["c", "waits for room in pool default: 2 of 2 in use"]]);
  });

  test("takes what is in use into account, pool by pool", () => {
    const caps = capacity({ poolCaps: { default: 2, big: 1 }, inPool: new Map([["default", 2]]) });
    const { admitted } = admit(
      [candidate("a"), candidate("b", { pool: "big" }), candidate("c", { pool: "big" })],
      caps,
    );
    expect(admitted).toEqual(["b"]);
  });

  test("holds a run to its own limit without holding up others", () => {
    const caps = capacity({ runCaps: new Map([["run" as RunId, 1]]) });
    const { admitted, pending } = admit(
      [candidate("a"), candidate("b"), candidate("c", { run: "other" as RunId })],
      caps,
    );
    expect(admitted).toEqual(["a", "c"]);
    expect(pending.get("b" as AttemptId)).toBe(
      "waits for its own run: 1 of 1 attempts at once (max_concurrency)",
    );
  });

  test("prefers priority, then the repository that uses least, then the longest way, then the longest wait", () => {
    const { admitted } = admit(
      [
        candidate("d", { queuedAt: 2 }),
        candidate("c", { queuedAt: 1 }),
        candidate("b", { remainingPath: 9, queuedAt: 3 }),
        candidate("a", { priority: 5 }),
        candidate("e", { repository: repository("quiet"), queuedAt: 9 }),
      ],
      roomy,
    );
    expect(admitted).toEqual(["a", "e", "b", "c", "d"]);
  });

  test("a repository with a thousand waiting attempts does not starve one with a single attempt", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => candidate(`m${String(index).padStart(4, "0")}`));
    const one = candidate("one", { repository: repository("small"), queuedAt: 1_000_000 });
    const { admitted } = admit(
      [...many, one],
      capacity({ inRepository: new Map([[repository("repository"), 1]]) }),
    );
    expect(admitted).toContain("one");
  });

  const anyCandidates = fc
    .array(
      fc.record({
        run: fc.constantFrom("r1", "r2", "r3"),
        repository: fc.constantFrom("x", "y", "z"),
        pool: fc.constantFrom("default", "big", "unnamed"),
        priority: fc.integer({ min: -2, max: 2 }),
        remainingPath: fc.integer({ min: 1, max: 5 }),
        queuedAt: fc.integer({ min: 0, max: 10 }),
      }),
      { maxLength: 40 },
    )
    .map((all) => all.map((one, index) => candidate(`c${index}`, one as Partial<Candidate>)));

  test("never passes a cap, answers everyone once, and leaves no room that somebody could use", () => {
    fc.assert(
      fc.property(
        anyCandidates,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        (candidates, big, cap) => {
          const caps = { default: cap, big } as Capacity["poolCaps"];
          const runCaps = new Map([["r1" as RunId, 2]]);
          const { admitted, pending } = admit(candidates, capacity({ poolCaps: caps, runCaps }));
          expect([...admitted, ...pending.keys()].toSorted()).toEqual(
            candidates.map(({ attempt }) => attempt).toSorted(),
          );
          const inside = candidates.filter(({ attempt }) => admitted.includes(attempt));
          const inPool = (pool: string): number => inside.filter((one) => one.pool === pool).length;
          const inRun1 = inside.filter(({ run }) => run === "r1").length;
          expect(inPool("default")).toBeLessThanOrEqual(cap);
          expect(inPool("unnamed")).toBeLessThanOrEqual(cap);
          expect(inPool("big")).toBeLessThanOrEqual(big);
          expect(inRun1).toBeLessThanOrEqual(2);
          for (const waiting of candidates.filter(({ attempt }) => pending.has(attempt))) {
            const full = inPool(waiting.pool) >= (waiting.pool === "big" ? big : cap);
            expect(full || (waiting.run === "r1" && inRun1 >= 2)).toBe(true);
          }
        },
      ),
    );
  });

  test("does not depend on the order in which the candidates are read", () => {
    fc.assert(
      fc.property(anyCandidates, fc.integer({ min: 0, max: 5 }), (candidates, cap) => {
        const caps = capacity({ poolCaps: { default: cap } });
        expect(admit(candidates.toReversed(), caps).admitted).toEqual(admit(candidates, caps).admitted);
      }),
    );
  });
});

test("the remaining path counts the jobs on the longest way to the end", () => {
  const plan = testPlan([
    testJob("a"),
    testJob("b", { needs: needs(["a"]) }),
    testJob("c", { needs: needs(["a", "b"]) }),
    testJob("d"),
  ]);
  expect(Object.fromEntries(remainingPaths(plan))).toEqual({ a: 3, b: 2, c: 1, d: 1 });
});

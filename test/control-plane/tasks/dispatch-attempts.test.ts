import { describe, expect, test } from "vitest";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { createDispatching } from "../../../control-plane/tasks/dispatch-attempts.ts";
import { createWorld, type World } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";

const jobs = (count: number) => Array.from({ length: count }, (_, index) => testJob(`job-${index}`));

async function placed({ database }: World): Promise<number> {
  const [row] = await database<{ placed: number }[]>`
    select count(*)::int as placed from delta.attempts where backend_ref is not null`;
  return row?.placed ?? 0;
}

describe("dispatching", () => {
  test("a slow answer holds up its own attempt alone, and a later call is served meanwhile", async () => {
    const world = await createWorld();
    const { backend, context } = world;
    const [slow, { promise: release, resolve }] = [new Set<string>(), Promise.withResolvers<void>()];
    const answer = backend.dispatch.bind(backend);
    backend.dispatch = async (request) => {
      if (slow.size === 0) slow.add(request.attemptId);
      if (slow.has(request.attemptId)) await release;
      return answer(request);
    };
    const dispatching = createDispatching(context);
    const admitted = async (count: number): Promise<void> => {
      await world.advance(await world.planned(testPlan(jobs(count))));
      await admitAttempts(context);
    };
    await admitted(20);
    const first = dispatching.dispatchDue();
    await expect.poll(() => placed(world)).toBe(19);
    await admitted(5);
    await dispatching.dispatchDue();
    await expect.poll(() => placed(world)).toBe(24);
    resolve();
    await first;
    expect(await placed(world)).toBe(25);
    expect(new Set(backend.dispatched).size).toBe(25);
    expect(backend.dispatched).toHaveLength(25);
  });

  test("is crowded while many are asked for at once, and tells when there is room again", async () => {
    const world = await createWorld();
    const { backend, context } = world;
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const answer = backend.dispatch.bind(backend);
    backend.dispatch = (request) => release.then(() => answer(request));
    let toldOfRoom = 0;
    const dispatching = createDispatching(context, () => (toldOfRoom += 1));
    await world.advance(await world.planned(testPlan(jobs(30))));
    await admitAttempts(context);
    const asked = dispatching.dispatchDue();
    await expect.poll(() => dispatching.isCrowded()).toBe(true);
    expect(toldOfRoom).toBe(0);
    resolve();
    await asked;
    expect(dispatching.isCrowded()).toBe(false);
    expect(toldOfRoom).toBe(1);
  });

  test("two control planes share what is due and ask for no attempt twice", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 1_000 } };
    await world.advance(await world.planned(testPlan(jobs(150))));
    await admitAttempts(context);
    await Promise.all([1, 2].map(() => createDispatching(context).dispatchDue()));
    expect(await placed(world)).toBe(150);
    expect(world.backend.dispatched).toHaveLength(150);
  });

  test("more attempts than one admission looks at are admitted by the next, which wakes by itself", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 1_000 } };
    const { database } = world;
    await world.advance(await world.planned(testPlan(jobs(550))));
    const dispatched = async () =>
      (await database`select from delta.attempts where state = 'dispatched'`).length;
    await database`select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))`;
    expect(await admitAttempts(context)).toBe(true);
    expect(await dispatched()).toBe(500);
    const told = await database`select from delta.attempts where pending is not null`;
    expect(told, "that they wait, though they are next").toHaveLength(0);
    const wakes =
      await database`select key from graphile_worker.jobs where task_identifier = 'admit-attempts'`;
    expect(wakes.map(({ key }) => key as string)).toEqual(["admit-attempts:again"]);
    expect(await admitAttempts(context)).toBe(true);
    expect(await dispatched()).toBe(550);
    expect(await admitAttempts(context)).toBe(false);
  });
});

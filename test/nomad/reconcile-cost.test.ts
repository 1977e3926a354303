import { expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { startLiveAttempts } from "../support/nomad/live-attempts.ts";

const SIZES = [100, 1_000, 5_000];
const CHANGED = 10;

test("a pass costs what changed, however many attempts live", { timeout: 180_000 }, async () => {
  const idle = [];
  const busy = [];
  for (const size of SIZES) {
    const { settings } = await createTestDatabase();
    await using live = await startLiveAttempts(settings, size);
    const { observing, attempts } = live;
    await observing.pass();
    idle.push(await live.costOf(() => observing.pass()));
    const ended = attempts.slice(0, CHANGED);
    live.end(ended);
    busy.push(
      await live.costOf(async () => {
        observing.hint(ended);
        await observing.pass();
      }),
    );
    expect(await live.seenEnded()).toBe(CHANGED);
  }
  // One page of names, and the attempts of the database that it speaks for.
  expect(idle).toMatchObject(SIZES.map(() => ({ requests: 1, statements: 1 })));
  const [small, middle, large] = busy;
  expect(small).toMatchObject({ requests: 1 + 2 * CHANGED });
  for (const one of [middle, large]) {
    expect(one).toMatchObject({ requests: small?.requests, statements: small?.statements });
  }
  expect(large?.bytes).toBeLessThan(1.1 * (middle?.bytes ?? 0));
});

test("what no hint told is found by the pages within a few passes", { timeout: 60_000 }, async () => {
  const { settings } = await createTestDatabase();
  await using live = await startLiveAttempts(settings, 2_500);
  await live.observing.pass();
  live.end(live.attempts.filter((_, index) => index % 100 === 0));
  for (let pass = 0; pass < 3; pass += 1) await live.observing.pass();
  expect(await live.seenEnded()).toBe(25);
});

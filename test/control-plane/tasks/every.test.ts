import { expect, onTestFinished, test, vi } from "vitest";
import type { TaskLog } from "../../../control-plane/tasks/context.ts";
import { every } from "../../../control-plane/tasks/every.ts";

function recordingLog(): { readonly log: TaskLog; readonly lines: string[] } {
  const lines: string[] = [];
  const take = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level} ${message}`);
  return { lines, log: { info: take("info"), warn: take("warn"), error: take("error") } };
}

test("a failure is logged when it begins and when it is over, not with every pass", async () => {
  const { log, lines } = recordingLog();
  let passes = 0;
  const loop = every(1, "looking", log, async () => {
    passes += 1;
    if (passes <= 5) throw new Error(`away, for the ${passes}th time`);
  });
  onTestFinished(() => loop.stop());
  await vi.waitUntil(() => passes > 7, { timeout: 60_000, interval: 5 });
  expect(lines).toEqual(["error looking failed; it is tried again", "warn looking works again"]);
});

test("a hint brings the next pass before its time, also one that comes during a pass", async () => {
  const { log } = recordingLog();
  let passes = 0;
  const loop = every(3_600_000, "looking", log, async () => {
    passes += 1;
    if (passes === 1) loop.soon();
  });
  onTestFinished(() => loop.stop());
  loop.soon();
  await vi.waitUntil(() => passes === 2, { timeout: 60_000, interval: 5 });
});

test("hints without end do not bring passes without end", async () => {
  const { log } = recordingLog();
  let passes = 0;
  const started = performance.now();
  const loop = every(3_600_000, "looking", log, async () => {
    passes += 1;
  });
  onTestFinished(() => loop.stop());
  await vi.waitUntil(
    () => {
      loop.soon();
      return passes === 3;
    },
    { timeout: 60_000, interval: 1 },
  );
  expect(performance.now() - started).toBeGreaterThan(700);
});

import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { BootWatch } from "../../nomad/boot-watch.ts";
import type { Observation } from "../../schemas/dispatcher.ts";
import type { AttemptId } from "../../schemas/ids.ts";

function watch(meta: Record<string, string>) {
  let nowMs = 1_000;
  let reads = 0;
  const watching = new BootWatch({
    metaOf: async () => ((reads += 1), meta),
    lanes: 1,
    lookAgain: () => {},
    monotonicMs: () => nowMs,
  });
  return { watching, pass: (ms: number) => void (nowMs += ms), reads: () => reads };
}

const running: Observation = {
  attemptId: randomUUID() as AttemptId,
  state: "running",
  detail: "on node n1",
  exitCode: null,
  outOfMemory: false,
};

test("a machine boots until its time is over, counted from when it was first seen to run", async () => {
  const { watching, pass, reads } = watch({ delta_boot_ms: "60000" });
  expect(await watching.judge([running])).toMatchObject([
    { start: "booting", detail: "VM booting on node n1" },
  ]);
  pass(59_999);
  expect(await watching.judge([running])).toMatchObject([{ start: "booting" }]);
  pass(1);
  const [late] = await watching.judge([running]);
  expect(late).toMatchObject({ start: "overdue", detail: expect.stringContaining("for more than 60 s") });
  expect(reads()).toBe(1);
});

test("what is no machine, or does not run, is left as it is", async () => {
  const pending: Observation = { ...running, state: "pending" };
  expect(await watch({}).watching.judge([running, pending])).toEqual([running, pending]);
});

test("a machine that ended is forgotten", async () => {
  const { watching, reads } = watch({ delta_boot_ms: "5" });
  await watching.judge([running]);
  await watching.judge([{ ...running, state: "exited" }]);
  await watching.judge([running]);
  expect(reads()).toBe(2);
});

import { test, vi } from "vitest";
import { expectCaught } from "./expect-caught.ts";

vi.mock(import("../../../control-plane/db/runner-messages.ts"), async (original) => ({
  ...(await original()),
  // The fence that is missing: nothing is remembered of what was answered.
  readStoredAnswer: async () => null,
  storeAnswer: async () => {},
}));

test("a system that forgets what it answered is caught", { timeout: 120_000 }, async () => {
  await expectCaught(/I6: /, async () => {});
});

import { test, vi } from "vitest";
import { expectCaught } from "./expect-caught.ts";

vi.mock(import("../../../control-plane/db/leases.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    // The fence that is missing: whoever has the token may write, whatever epoch it names.
    readLease: async (connection, credentials) => {
      const [row] = await connection<{ epoch: number }[]>`
        select epoch from delta.leases where id = ${credentials.leaseId}`;
      return real.readLease(connection, { ...credentials, epoch: row?.epoch ?? credentials.epoch });
    },
  };
});

test("a system that does not compare epochs is caught", { timeout: 120_000 }, async () => {
  await expectCaught(/I3, I7: a \w+ of a stale holder was answered/, async () => {});
});

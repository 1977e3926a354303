import { test } from "vitest";
import { expectCaught } from "./expect-caught.ts";

test("a system that trusts the state of a lease, and not the clock, is caught", {
  timeout: 120_000,
}, async () => {
  await expectCaught(/I3, I7: a \w+ of a stale holder was answered/, async ({ database }) => {
    await database`
      create or replace function delta.lease_holds(expires_at timestamptz) returns boolean
      language sql volatile as 'select true'`;
  });
});

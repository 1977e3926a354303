import { test } from "vitest";
import { expectCaught } from "./expect-caught.ts";

test("a system that changes a state without its audit row is caught", { timeout: 120_000 }, async () => {
  await expectCaught(/I5: the audit of lease/, async ({ database }) => {
    await database.unsafe(`
      create function delta.lose_audit() returns trigger language plpgsql as
        $$ begin return case when new.entity = 'lease' and new.to_state = 'active' then null else new end; end $$;
      create trigger lose_audit before insert on delta.audit_events for each row execute function delta.lose_audit();`);
  });
});

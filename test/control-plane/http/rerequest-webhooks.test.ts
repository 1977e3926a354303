import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { rerequestDelivery } from "../../support/github/deliveries.ts";
import { HEAD, repository, world, push } from "../../support/webhook-world.ts";

describe("a check that somebody asks to run again", () => {
  async function endedRun() {
    const made = await world();
    const first = (await (await made.send(push())).json()) as { run: string };
    await made.database`
      update delta.runs set state = 'canceled', reason = 'canceled_by_user', finalized_at = clock_timestamp(), wake_at = null`;
    const checkId = randomUUID();
    await made.database`insert into delta.checks (id, run_id, name) values (${checkId}, ${first.run}, 'delta')`;
    return { ...made, first: first.run, checkId };
  }
  const rerequest = (externalId: string | null, headSha = HEAD) =>
    rerequestDelivery(repository, "https://forge.example", { headSha, externalId });

  test("makes a new run of the same event, once per delivery", async () => {
    const { database, send, first, checkId } = await endedRun();
    const delivery = rerequest(checkId);
    const answer = (await (await send(delivery)).json()) as { run: string };
    await send(delivery);
    const runs = await database`select id, rerun_of, event from delta.runs order by number`;
    expect(runs).toHaveLength(2);
    expect(runs[1]).toMatchObject({ id: answer.run, rerun_of: first, event: runs[0]?.["event"] });
  });

  test("by its commit does the same", async () => {
    const { database, send, first } = await endedRun();
    expect((await send(rerequest(null))).status).toBe(202);
    expect(await database`select 1 from delta.runs where rerun_of = ${first}`).toHaveLength(1);
  });

  test.each([
    ["an id that is not ours", "12345"],
    ["an id nobody knows", randomUUID()],
  ])("with %s makes nothing", async (_name, externalId) => {
    const { database, send } = await endedRun();
    expect(await (await send(rerequest(externalId))).json()).toMatchObject({ state: "ignored", run: null });
    expect(await database`select 1 from delta.runs`).toHaveLength(1);
  });

  test("of another repository makes nothing", async () => {
    const { database, send, checkId } = await endedRun();
    const other = rerequestDelivery({ ...repository, id: 99 }, "https://forge.example", {
      headSha: HEAD,
      externalId: checkId,
    });
    expect(await (await send(other)).json()).toMatchObject({ state: "ignored" });
    expect(await database`select 1 from delta.runs`).toHaveLength(1);
  });

  test("while its run still goes on makes nothing", async () => {
    const { database, send } = await world();
    await send(push());
    expect(await (await send(rerequest(null))).json()).toMatchObject({ state: "ignored" });
    expect(await database`select 1 from delta.runs`).toHaveLength(1);
  });
});

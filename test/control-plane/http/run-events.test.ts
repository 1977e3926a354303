import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RunView } from "../../../schemas/api.ts";
import { insertLease } from "../../support/leases.ts";
import { runsApiWorld } from "../../support/runs-api-world.ts";

describe("events of a run", () => {
  async function read(response: Response): Promise<{ ids: string[]; views: RunView[] }> {
    const text = await response.text();
    return {
      ids: [...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1] ?? ""),
      views: [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? "") as RunView),
    };
  }

  test("tell the run now, at every change, and end with it", async () => {
    const { database, call, end } = await runsApiWorld();
    const { runId } = await insertLease(database);
    const response = await call(`/api/v1/runs/${runId}/events`);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const reading = read(response);
    await database`update delta.runs set version = version + 1 where id = ${runId}`;
    await end(runId);
    const { ids, views } = await reading;
    expect(views[0]).toMatchObject({ id: runId, state: "running" });
    expect(views.at(-1)).toMatchObject({ state: "canceled" });
    expect(ids.map(Number)).toEqual(ids.map(Number).toSorted((a, b) => a - b));
  });

  test("go on after the version that was seen", async () => {
    const { database, call, end } = await runsApiWorld();
    const { runId } = await insertLease(database);
    const response = await call(`/api/v1/runs/${runId}/events?after=1`);
    const reading = read(response);
    await end(runId);
    expect((await reading).views.map(({ state }) => state)).toEqual(["canceled"]);
    const again = await call(`/api/v1/runs/${runId}/events`, { headers: { "last-event-id": "2" } });
    expect(again.status).toBe(204);
  });

  test("of an unknown run are 404", async () => {
    const { call } = await runsApiWorld();
    expect((await call(`/api/v1/runs/${randomUUID()}/events`)).status).toBe(404);
  });
});

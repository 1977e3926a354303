import { describe, expect, test } from "vitest";
import { createApiAccess } from "../../../control-plane/http/api-access.ts";
import { FormGuard } from "../../../control-plane/web/form-guard.ts";
import { registerWeb } from "../../../control-plane/web/register-web.ts";
import { createTestDatabase } from "../../support/database.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { insertLease } from "../../support/leases.ts";

const access = createApiAccess("a-token-of-the-api-for-tests");
const formToken = new FormGuard(access.session).token;
const signedIn = { cookie: `delta_session=${access.session}` };

async function world() {
  const { database } = await createTestDatabase();
  const server = await startHttpServer((app) => registerWeb(app, { database, access }));
  const { runId } = await insertLease(database);
  return {
    runId,
    post: (action: string, form: Record<string, string>, headers: Record<string, string> = signedIn) =>
      fetch(`${server.url}/runs/${runId}/${action}`, {
        method: "POST",
        headers,
        body: new URLSearchParams(form),
        redirect: "manual",
      }),
    canceled: async () =>
      (await database`select 1 from delta.runs where cancel_requested_at is not null`).length > 0,
    runs: async () => (await database`select 1 from delta.runs`).length,
  };
}

describe("a button of a run's page", () => {
  test("cancels the run and leads back to it, once and again", async () => {
    const { post, canceled, runId } = await world();
    for (let time = 0; time < 2; time++) {
      const answer = await post("cancel", { form_token: formToken });
      expect(answer.status).toBe(303);
      expect(answer.headers.get("location")).toBe(`/runs/${runId}`);
    }
    expect(await canceled()).toBe(true);
  });

  test("does not repeat a run that goes on", async () => {
    const { post, runs, runId } = await world();
    const answer = await post("rerun", { form_token: formToken });
    expect(answer.headers.get("location")).toBe(`/runs/${runId}`);
    expect(await runs()).toBe(1);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["without the form's token", {}, signedIn],
    ["with another token", { form_token: "guessed" }, signedIn],
    ["with the session in its place", { form_token: access.session }, signedIn],
    ["from another site", { form_token: formToken }, { ...signedIn, "sec-fetch-site": "cross-site" }],
    ["from another port", { form_token: formToken }, { ...signedIn, "sec-fetch-site": "same-site" }],
  ])("does nothing %s", async (_name, form, headers) => {
    const { post, canceled, runs } = await world();
    expect((await post("cancel", form, headers)).status).toBe(403);
    expect((await post("rerun", form, headers)).status).toBe(403);
    expect(await canceled()).toBe(false);
    expect(await runs()).toBe(1);
  });

  test("asks those who are not signed in to sign in", async () => {
    const { post, canceled, runId } = await world();
    const answer = await post("cancel", { form_token: formToken }, {});
    expect(answer.headers.get("location")).toBe(`/login?next=/runs/${runId}`);
    expect(await canceled()).toBe(false);
  });
});

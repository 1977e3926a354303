import { systemClock } from "../../control-plane/clock.ts";
import { type Database } from "../../control-plane/db/client.ts";
import { GitHubForge } from "../../control-plane/forge/github/github-forge.ts";
import { registerWebhooks } from "../../control-plane/http/webhooks.ts";
import { createTestDatabase } from "./database.ts";
import { deliver, pushDelivery, type Delivery } from "./github/deliveries.ts";
import { createAppIdentity } from "./github/app-jwt.ts";
import { startHttpServer } from "./http-server.ts";

export const SECRET = "a webhook secret";
export const HEAD = "a".repeat(40);
export const repository = {
  id: 12,
  fullName: "ada/engine",
  path: "/nowhere",
  defaultBranch: "main",
  installationId: 34,
};
export const { privateKey } = createAppIdentity("1");

export async function world(database?: Database) {
  const used = database ?? (await createTestDatabase()).database;
  const github = new GitHubForge(
    { apiUrl: "http://127.0.0.1:9", appId: "1", privateKey, webhookSecret: SECRET },
    systemClock,
    { warn: () => {} },
  );
  const server = await startHttpServer((app) => registerWebhooks(app, { database: used, github }));
  const target = `${server.url}/webhooks/github`;
  return { database: used, server, target, send: (delivery: Delivery) => deliver(target, SECRET, delivery) };
}

export const push = (change = {}) =>
  pushDelivery(repository, "https://forge.example", { after: HEAD, ...change });

export async function counts(database: Database) {
  const [row] = await database<{ deliveries: number; runs: number; tasks: number }[]>`
    select (select count(*)::int from delta.deliveries) as deliveries, (select count(*)::int from delta.runs) as runs,
      (select count(*)::int from graphile_worker.jobs where task_identifier = 'plan-run') as tasks`;
  return row;
}

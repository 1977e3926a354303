import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { newId, systemClock } from "../../control-plane/clock.ts";
import { upsertRepository } from "../../control-plane/db/deliveries.ts";
import { GitHubForge } from "../../control-plane/forge/github/github-forge.ts";
import { Mirror } from "../../control-plane/git/mirror.ts";
import { createRun } from "../../control-plane/lifecycle/index.ts";
import { createPlanner, type Planner } from "../../control-plane/planning/planner.ts";
import { pushEvent, type PipelineEvent } from "../../schemas/event.ts";
import type { RepositoryId, RunId } from "../../schemas/ids.ts";
import { createTestDatabase } from "./database.ts";
import { GitHubStandIn } from "./github/stand-in.ts";
import { ScratchRepository } from "./scratch-repository.ts";

/** Who asks for the runs. */
export const AUTHOR = { actor: "test", cause: "test" };

/** Two jobs: one that every change runs, and one of `docs/`. */
export const PIPELINE = `version: 1
name: ci
on: { push: {}, pull_request: {} }
jobs:
  build:
    image: node:24
    steps:
      - run: "true"
  docs:
    image: node:24
    changes: ["docs/**"]
    steps:
      - run: "true"
`;

/** What `planRun` works with: a database and a mirror of its own, and one repository on this machine or on GitHub. */
export async function planRunWorld(forge: "local" | "github", planner?: Planner) {
  const { database } = await createTestDatabase();
  const gitHub = await GitHubStandIn.start();
  onTestFinished(() => gitHub[Symbol.asyncDispose]());
  const source = new ScratchRepository();
  const served = gitHub.addRepository("ada/engine", source.path);
  const { appId, privateKey } = gitHub.app;
  const github = new GitHubForge(
    { apiUrl: gitHub.url, appId, privateKey, webhookSecret: gitHub.webhookSecret },
    systemClock,
    { warn: () => {} },
  );
  const folder = mkdtempSync(join(tmpdir(), "delta-mirror-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rules = { plainHttpHosts: [new URL(gitHub.url).host], localPaths: true };
  const used = planner ?? createPlanner();
  onTestFinished(() => used.stop());
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const context = {
    database,
    mirror: new Mirror(folder, rules),
    includes: { folder: join(folder, "pinned"), allowed: null, rules },
    planner: used,
    github,
    version: "1.2.3",
    log,
  };

  const start = async (head: string, change: { event?: Partial<PipelineEvent>; base?: string } = {}) => {
    const event: PipelineEvent = pushEvent({
      ref: "refs/heads/main",
      head,
      default_branch: "main",
      ...change.event,
    });
    const repository = {
      forgeId: forge === "local" ? source.path : String(served.id),
      fullName: "ada/engine",
      cloneUrl: forge === "local" ? source.path : `${gitHub.url}/ada/engine.git`,
      defaultBranch: "main",
      installationId: forge === "local" ? null : String(served.installationId),
    };
    const { id } = await database.begin(async (tx) =>
      createRun(tx, AUTHOR, {
        repositoryId: await upsertRepository(tx, forge, repository, newId<RepositoryId>()),
        deliveryId: null,
        event,
        headSha: head,
        baseSha: change.base ?? null,
        request: null,
        rerunOf: null,
      }),
    );
    return { id, event };
  };
  const read = async (id: RunId) => {
    const [run] = await database`select * from delta.runs where id = ${id}`;
    return run ?? {};
  };
  return { ...context, context, gitHub, served, source, start, read };
}

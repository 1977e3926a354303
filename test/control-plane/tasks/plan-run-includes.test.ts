import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { compile, isWantedContent } from "../../../compiler/index.ts";
import { newId } from "../../../control-plane/clock.ts";
import type { Database } from "../../../control-plane/db/client.ts";
import { upsertRepository } from "../../../control-plane/db/deliveries.ts";
import {
  completePinned,
  openRepository,
  personRoutes,
  PinnedLoader,
  readCompileInput,
} from "../../../control-plane/git/index.ts";
import { planRun } from "../../../control-plane/tasks/plan-run.ts";
import type { PipelineEvent } from "../../../schemas/event.ts";
import type { RepositoryId } from "../../../schemas/ids.ts";
import type { GitHubStandIn } from "../../support/github/stand-in.ts";
import { planRunWorld } from "../../support/plan-run-world.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

describe("a pipeline that includes a file of another repository", () => {
  const NODE = "version: 1\ntemplates: { node: { image: 'node:24', steps: [npm ci] } }\n";
  const DIGEST = createHash("sha256").update(NODE).digest("hex");
  const pipeline = (sha256: string, repo = "ada/ci"): string => `version: 1
include: [{ repo: ${repo}, ref: v3, sha256: "${sha256}", file: node.yaml }]
jobs: { test: { extends: node } }
`;

  function teamRepository(): ScratchRepository {
    const team = new ScratchRepository();
    team.commit({ "node.yaml": NODE });
    team.git("tag", "v3");
    return team;
  }

  /** The forge has told us of it, as it does with its first delivery. */
  async function known(database: Database, gitHub: GitHubStandIn, fullName: string, path: string) {
    const served = gitHub.addRepository(fullName, path);
    const repository = {
      forgeId: String(served.id),
      fullName,
      cloneUrl: `${gitHub.url}/${fullName}.git`,
      defaultBranch: "main",
      installationId: String(served.installationId),
    };
    await database.begin((tx) => upsertRepository(tx, "github", repository, newId<RepositoryId>()));
  }

  /** The same commit through the door of the command line, in a clone whose forge lies on this machine. */
  async function planHere(source: ScratchRepository, team: ScratchRepository, event: PipelineEvent) {
    const forge = mkdtempSync(join(tmpdir(), "delta-forge-"));
    onTestFinished(() => rmSync(forge, { recursive: true, force: true }));
    mkdirSync(join(forge, "ada"));
    symlinkSync(team.path, join(forge, "ada", "ci"));
    source.git("remote", "add", "origin", join(forge, "ada", "engine"));
    const repository = await openRepository(source.path);
    const route = personRoutes(repository, ["*"]);
    const loader = new PinnedLoader({ folder: join(forge, "cache"), route, whenUnavailable: "tell" });
    const sources = await readCompileInput(repository, {
      event,
      wanted: isWantedContent,
      pinned: (tree, before) => completePinned(tree, before, (request) => loader.load(request)),
    });
    return compile({ ...sources, compilerVersion: "1.2.3", request: { jobs: [], all: false } });
  }

  test("gets the plan that the command line gives it, read with a token for that one repository", async () => {
    const { context, database, gitHub, source, start, read } = await planRunWorld("github");
    const team = teamRepository();
    await known(database, gitHub, "ada/ci", team.path);
    const { id, event } = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST) }));
    await planRun(context, id);
    const run = await read(id);
    const own = await planHere(source, team, event);
    expect(own.diagnostics).toEqual([]);
    expect(run).toMatchObject({ state: "queued", plan_digest: own.digest });
    expect(own.plan?.sources[1]?.from).toEqual({ repo: "ada/ci", ref: "v3", sha256: DIGEST });
    expect(gitHub.violations).toEqual([]);
  });

  test("is planned again from what was kept when the other repository is gone", async () => {
    const { context, database, gitHub, source, start, read } = await planRunWorld("github");
    const team = teamRepository();
    await known(database, gitHub, "ada/ci", team.path);
    const first = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST) }));
    await planRun(context, first.id);
    rmSync(team.path, { recursive: true });
    const second = await start(source.commit({ "src/a.ts": "1" }));
    await planRun(context, second.id);
    expect(await read(second.id)).toMatchObject({ state: "queued" });
  });

  test("of another owner is refused until the operators name it", async () => {
    const { context, source, start, read } = await planRunWorld("github");
    const { id } = await start(source.commit({ ".delta/pipeline.yaml": pipeline(DIGEST, "bob/ci") }));
    await planRun(context, id);
    const { state, diagnostics } = await read(id);
    expect(state).toBe("plan_failed");
    expect(diagnostics).toContainEqual(
      expect.objectContaining({
        code: "DC1612",
        place: { file: ".delta/pipeline.yaml", line: 2, column: 19 },
      }),
    );
  });

  test("of another digest has no plan, and a pull request from a fork is not told the right one", async () => {
    const { context, database, gitHub, source, start, read } = await planRunWorld("github");
    await known(database, gitHub, "ada/ci", teamRepository().path);
    const head = source.commit({ ".delta/pipeline.yaml": pipeline("0".repeat(64)) });
    const messages = async (trust: "trusted" | "fork") => {
      const { id } = await start(head, { event: { trust } });
      await planRun(context, id);
      return JSON.stringify((await read(id)).diagnostics);
    };
    expect(await messages("trusted")).toContain(DIGEST);
    const told = await messages("fork");
    expect(told).toContain("DC1610");
    expect(told).not.toContain(DIGEST);
  });
});

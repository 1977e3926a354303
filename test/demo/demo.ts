import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, startControlPlane, type ControlPlane } from "../../control-plane/main.ts";
import { ApiClient } from "../../cli/api-client.ts";
import { watchInterruption } from "../../cli/interruption.ts";
import { paint } from "../../cli/output.ts";
import { followRun } from "../../cli/progress/follow-run.ts";
import { jobsTable, runLine } from "../../cli/progress/run-text.ts";
import { deliver, pushDelivery } from "../support/github/deliveries.ts";
import { gitHubEnvironment } from "../support/github/server-environment.ts";
import { GitHubStandIn } from "../support/github/stand-in.ts";
import { FIRST_COMMIT, makeShopRepository, SECOND_COMMIT } from "./shop-repository.ts";

/** The whole demo, on a slow machine; past it something hangs and is said to. */
const DEMO_MS_MAX = 120_000;

const startedAt = performance.now();
const interruption = watchInterruption();
const deadline = AbortSignal.timeout(DEMO_MS_MAX);
const signal = AbortSignal.any([interruption.first, deadline]);

process.exitCode = await main();
interruption.close();

/** Runs the demo and removes everything it made, also when it is interrupted or fails. */
async function main(): Promise<number> {
  await using world = new AsyncDisposableStack();
  try {
    await demo(world);
    say(
      `\nDone in ${((performance.now() - startedAt) / 1000).toFixed(1)} s; stopping everything and removing its folder.`,
    );
    return 0;
  } catch (error) {
    if (interruption.first.aborted) {
      say("\nInterrupted; stopping everything and removing its folder.");
      return interruption.exitCode() ?? 130;
    }
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

async function demo(world: AsyncDisposableStack): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "delta-demo-"));
  world.defer(() => rmSync(folder, { recursive: true, force: true }));

  title("A monorepo with git: three npm packages, a Go module, five jobs");
  const shop = makeShopRepository(join(folder, "shop"));
  const first = shop.commit("Open the shop", FIRST_COMMIT);
  say(
    `  ${Object.keys(FIRST_COMMIT).length} files, commit ${first.slice(0, 10)}; checkout depends on prices, search on nothing`,
  );

  title("A GitHub of our own on loopback, and a control plane with its own Postgres");
  const gitHub = await GitHubStandIn.start();
  world.use(gitHub);
  const repository = gitHub.addRepository("shop/shop", shop.path);
  const server = await startServer(folder, gitHub);
  world.defer(() => server.stop());
  signal.throwIfAborted();
  say(`  GitHub stand-in ${gitHub.url}, control plane ${server.url}`);

  const api = new ApiClient({ url: server.url, token: server.apiToken });
  const push = async (before: string | null, after: string): Promise<void> => {
    const delivery = pushDelivery(repository, gitHub.url, { before, after });
    const answer = await deliver(`${server.url}/webhooks/github`, gitHub.webhookSecret, delivery);
    if (!answer.ok) throw new Error(`the webhook was answered with ${answer.status}: ${await answer.text()}`);
    say(`  signed webhook delivered: push of ${after.slice(0, 10)} to main, answered ${answer.status}`);
    await showRun(api, after);
    await gitHub.until(
      () =>
        checksOf(gitHub, after).every(({ status }) => status === "completed") &&
        checksOf(gitHub, after).length > 1,
    );
  };

  title("First push: there is nothing to compare with, so everything runs");
  await push(null, first);

  title("Second push: one line of packages/prices changed");
  const second = shop.commit("Say what total means", SECOND_COMMIT);
  await push(first, second);

  title("What GitHub now shows for the second commit");
  for (const { name, conclusion, output } of checksOf(gitHub, second)) {
    say(`  ${(conclusion ?? "").padEnd(9)} ${name.padEnd(24)} ${output.title ?? ""}`);
  }
  if (gitHub.violations.length > 0) throw new Error(`GitHub would refuse: ${gitHub.violations.join("; ")}`);
  title("The summary of the run's check, as Markdown");
  const summary = checksOf(gitHub, second).find(({ name }) => !name.includes("/"))?.output.summary;
  say(summary ?? "(no summary)");
}

function checksOf(gitHub: GitHubStandIn, head: string): GitHubStandIn["checks"] {
  return gitHub.checks.filter(({ head_sha }) => head_sha === head);
}

async function startServer(folder: string, gitHub: GitHubStandIn): Promise<ControlPlane> {
  const config = readConfig({
    DELTA_STATE_DIR: join(folder, "state"),
    DELTA_PORT: "0",
    DELTA_LOG_LEVEL: "error",
    ...gitHubEnvironment(gitHub, join(folder, "keys")),
  });
  return startControlPlane(config);
}

/** Follows the run of a commit to its end and prints its jobs. */
async function showRun(api: ApiClient, head: string): Promise<void> {
  const runOf = async (): Promise<string | null> => {
    const { runs } = await api.runs({ limit: 20 });
    return runs.find((run) => run.head === head)?.id ?? null;
  };
  let id = await runOf();
  while (id === null) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
    id = await runOf();
  }
  const run = await followRun({ id, client: async () => api, quiet: true, signal });
  say(jobsTable(run, Date.now(), process.stdout).replaceAll(/^/gm, "  "));
  say(`  ${runLine(run, Date.now(), process.stdout)}`);
  if (run.state !== "succeeded") throw new Error(`run ${run.number} ended as ${run.state}`);
}

function title(text: string): void {
  signal.throwIfAborted();
  say(`\n${paint("bold", `▸ ${text}`)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readConfig, startControlPlane } from "../control-plane/main.ts";
import { makeShopRepository } from "../test/demo/shop-repository.ts";
import { deliver, pushDelivery } from "../test/support/github/deliveries.ts";
import { gitHubEnvironment } from "../test/support/github/server-environment.ts";
import { GitHubStandIn } from "../test/support/github/stand-in.ts";
import { type Figure, milliseconds, quantiles, stated } from "./figures.ts";

const PUSHES = 15;
const WAIT_MS_MAX = 30_000;
const LOOK_AGAIN_MS = 5;

/**
 * From the answer to the webhook to the first step's own first command, on one machine and one clock:
 * the step writes the time into a file. Between the two lie the fetch into the mirror, the compile, the
 * scheduling, the start of a runner, its claim and its checkout. The floor is what nobody can do
 * without: start Node, fetch the commit with git, start a shell, one after the other.
 */
export async function webhookToFirstStep(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "delta-bench-"));
  await using world = new AsyncDisposableStack();
  world.defer(() => rmSync(folder, { recursive: true, force: true }));
  const github = world.use(await GitHubStandIn.start());
  const shop = makeShopRepository(join(folder, "shop"));
  const repository = github.addRepository("bench/shop", shop.path);
  const environment = {
    ...gitHubEnvironment(github, join(folder, "keys")),
    DELTA_STATE_DIR: join(folder, "state"),
  };
  const server = await startControlPlane(
    readConfig({ ...environment, DELTA_PORT: "0", DELTA_LOG_LEVEL: "error" }),
  );
  world.defer(() => server.stop());

  const taken: number[] = [];
  let before: string | null = null;
  for (let push = 0; push < PUSHES; push++) {
    const stamp = join(folder, `stamp-${push}`);
    const after = shop.commit(`push ${push}`, { ".delta/pipeline.yaml": pipeline(stamp) });
    const delivery = pushDelivery(repository, github.url, { before, after });
    const answer = await deliver(`${server.url}/webhooks/github`, github.webhookSecret, delivery);
    if (!answer.ok) throw new Error(`the webhook was answered ${answer.status}`);
    const accepted = Date.now();
    taken.push((await stepStart(stamp)) - accepted);
    before = after;
    await github.until(() =>
      github.checks.some((check) => check.head_sha === after && check.status === "completed"),
    );
  }
  // The first push also makes the mirror and warms the planner; it is told apart.
  const [first = 0, ...rest] = taken;
  const floor = quantiles(
    Array.from({ length: PUSHES }, (_, turn) => floorMs(shop.path, join(folder, `floor-${turn}`))),
  );
  const later = quantiles(rest);
  const what = "webhook accepted to first step started";
  return [
    stated(`${what}, first push of a repository`, milliseconds(first)),
    stated(`${what}, later pushes, p50`, milliseconds(later.p50)),
    stated(`${what}, later pushes, p95`, milliseconds(later.p95)),
    stated("floor: node, git fetch, sh one after the other, p50", milliseconds(floor.p50)),
    stated("ratio to the floor, p50", `${(later.p50 / floor.p50).toFixed(1)} x`),
  ];
}

function pipeline(stamp: string): string {
  return `version: 1\nname: bench\njobs:\n  stamp:\n    steps:\n      - "date +%s%3N > '${stamp}.new'; mv '${stamp}.new' '${stamp}'"\n`;
}

async function stepStart(stamp: string): Promise<number> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!existsSync(stamp)) {
    if (performance.now() > deadline) throw new Error(`no step started within ${WAIT_MS_MAX} ms`);
    await delay(LOOK_AGAIN_MS);
  }
  return Number(readFileSync(stamp, "utf8"));
}

function floorMs(source: string, target: string): number {
  const started = performance.now();
  const run = (command: string, ...args: string[]): void => {
    const { status } = spawnSync(command, args, { stdio: "ignore" });
    if (status !== 0) throw new Error(`${command} ended with ${status}`);
  };
  run(process.execPath, "-e", "0");
  run("git", "init", "--quiet", target);
  run("git", "-C", target, "fetch", "--quiet", "--depth=1", `file://${source}`, "HEAD");
  run("git", "-C", target, "checkout", "--quiet", "FETCH_HEAD");
  run("sh", "-c", "exit 0");
  return performance.now() - started;
}

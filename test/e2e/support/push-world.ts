import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunList, RunView } from "../../../schemas/api.ts";
import type { CheckRun, Repository } from "../../support/github/state.ts";
import { withDeadline } from "../../support/deadline.ts";
import { deliver, pushDelivery, type Delivery } from "../../support/github/deliveries.ts";
import { gitHubEnvironment } from "../../support/github/server-environment.ts";
import { GitHubStandIn } from "../../support/github/stand-in.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";
import { environment, ROOT } from "../../cli/support/delta.ts";
import { processesIn } from "./processes.ts";

/** Generous, so that a slow machine fails for a reason only; every wait ends. */
const DEADLINE_MS = 120_000;

/**
 * The whole path, with nothing of ours replaced: `delta server` as a process of its own on its own
 * embedded Postgres, real runners, a real git repository, and GitHub's end over real HTTP.
 */
export class PushWorld implements AsyncDisposable {
  readonly repository = new ScratchRepository();
  readonly folder = mkdtempSync(join(tmpdir(), "delta-e2e-"));
  readonly github: GitHubStandIn;
  readonly remote: Repository;
  readonly output: string[] = [];
  #server: ChildProcess | null = null;
  #url = "";
  #token = "";

  private constructor(github: GitHubStandIn) {
    this.github = github;
    this.remote = github.addRepository("acme/shop", this.repository.path);
  }

  static async start(): Promise<PushWorld> {
    const world = new PushWorld(await GitHubStandIn.start());
    await world.startServer();
    return world;
  }

  get url(): string {
    return this.#url;
  }

  get stateFolder(): string {
    return join(this.folder, "state");
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** Starts `delta server` and waits until it is ready. A second start takes the same port again. */
  async startServer(): Promise<void> {
    const server = spawn(process.execPath, [join(ROOT, "cli", "delta.js"), "server"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment({
        DELTA_STATE_DIR: this.stateFolder,
        DELTA_PORT: this.#url === "" ? "0" : new URL(this.#url).port,
        ...gitHubEnvironment(this.github, join(this.folder, "keys")),
      }),
    });
    this.#server = server;
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (bytes: Buffer) => this.output.push(bytes.toString()));
    }
    await this.#until("the server is ready or has ended", async () => {
      if (server.exitCode !== null) return server.exitCode;
      const file = JSON.parse(readFileSync(join(this.stateFolder, "server.json"), "utf8")) as ServerJson;
      if (file.pid !== server.pid) return null;
      this.#url = file.url;
      this.#token = file.token;
      const health = await fetch(`${file.url}/api/v1/health`);
      return health.ok ? health : null;
    });
    if (server.exitCode !== null) {
      throw new Error(`delta server ended with ${server.exitCode}\n${this.output.join("")}`);
    }
  }

  /** SIGKILL takes the server at once; SIGTERM lets it stop in order. Resolves when it is gone. */
  async stopServer(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const server = this.#server;
    this.#server = null;
    if (server === null || server.exitCode !== null || server.signalCode !== null)
      return server?.exitCode ?? null;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
    return server.exitCode;
  }

  /** Commits the files and tells Delta of it as GitHub would. */
  async push(
    files: Readonly<Record<string, string>>,
    message?: string,
  ): Promise<{ head: string; delivery: Delivery }> {
    const before = this.#head();
    const head = this.repository.commit(files, message);
    const delivery = this.delivery({ before, after: head });
    const answer = await this.deliver(delivery);
    if (!answer.ok) throw new Error(`the webhook was answered ${answer.status}: ${await answer.text()}`);
    return { head, delivery };
  }

  delivery(facts: Parameters<typeof pushDelivery>[2]): Delivery {
    return pushDelivery(this.remote, this.github.url, facts);
  }

  deliver(delivery: Delivery, secret = this.github.webhookSecret): Promise<Response> {
    return deliver(`${this.#url}/webhooks/github`, secret, delivery);
  }

  async api<Body>(path: string, init: RequestInit = {}): Promise<Body> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await fetch(`${this.#url}/api/v1${path}`, { ...init, headers });
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Body;
  }

  async runsOf(head: string): Promise<RunView[]> {
    const { runs } = await this.api<RunList>("/runs");
    const ids = runs.filter((run) => run.head === head).map((run) => run.id);
    return Promise.all(ids.map((id) => this.api<RunView>(`/runs/${id}`)));
  }

  /** The one run of the commit, as soon as the condition holds. */
  runWhen(head: string, what: string, condition: (run: RunView) => boolean): Promise<RunView> {
    return this.#until(what, async () => {
      const [run] = await this.runsOf(head);
      return run !== undefined && condition(run) ? run : null;
    });
  }

  ended(head: string): Promise<RunView> {
    return this.runWhen(head, "the run has ended", (run) => run.finalized_at !== null);
  }

  /** The checks of the commit once all of them are completed; the newest of each name. */
  async checksOf(head: string): Promise<Map<string, CheckRun>> {
    const latest = (): Map<string, CheckRun> =>
      new Map(
        this.github.checks.filter((check) => check.head_sha === head).map((check) => [check.name, check]),
      );
    const run = await this.ended(head);
    await this.github.until(() => {
      const checks = [...latest().values()];
      return checks.length > run.jobs.length && checks.every((check) => check.status === "completed");
    }, DEADLINE_MS);
    return latest();
  }

  async log(run: RunView, job: string, stream = 1): Promise<string> {
    const attempt = run.jobs.find((candidate) => candidate.key === job)?.attempts.at(-1);
    const answer = await fetch(`${this.#url}/api/v1/attempts/${attempt?.id}/logs/${stream}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    return answer.text();
  }

  /** Waits for a condition by looking again; the server's output goes with the failure. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    await this.#until(what, async () => ((await condition()) ? true : null));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopServer("SIGTERM");
    await this.github[Symbol.asyncDispose]();
    for (const pid of processesIn(this.folder)) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  #head(): string | null {
    try {
      return this.repository.git("rev-parse", "--verify", "--quiet", "HEAD");
    } catch {
      return null;
    }
  }

  async #until<Value>(what: string, look: () => Promise<Value | null>): Promise<Value> {
    let seen: Value | null = null;
    const hasSeen = async (): Promise<boolean> => {
      seen = await look();
      return seen !== null;
    };
    await withDeadline(what, DEADLINE_MS, hasSeen, async () => this.output.join(""));
    return seen as Value;
  }
}

/** A run in a line per attempt, for the message of an expectation that failed. */
export function told(run: RunView): string {
  const attempts = run.jobs.flatMap((job) =>
    job.attempts.map((one) => `${job.key} #${one.number} ${one.state} ${one.reason}: ${one.reason_detail}`),
  );
  return [`${run.state} ${run.reason}: ${run.reason_detail}`, ...attempts].join("\n");
}

interface ServerJson {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

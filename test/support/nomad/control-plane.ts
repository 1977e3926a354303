import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ControlPlaneConfig } from "../../../control-plane/config.ts";
import { connect } from "../../../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../../../control-plane/db/embedded/embedded-postgres.ts";
import { type ControlPlane, readConfig, startControlPlane } from "../../../control-plane/main.ts";
import type { PlanView, RunView } from "../../../schemas/api.ts";
import type { RunId } from "../../../schemas/ids.ts";
import { HistoryChecker } from "../../simulation/history-checker.ts";
import type { SourceRepository } from "../source-repository.ts";
import type { NomadAgent } from "./agent.ts";
import { withDeadline } from "../deadline.ts";

/** A control plane that was started as operators start it: by settings and a file, on one agent. */
export interface PlaneOnNomad {
  readonly plane: ControlPlane;
  /** Answers of the API as JSON; anything but success is an Error. */
  get<Answer>(path: string): Promise<Answer>;
  /** Begins a run of every job of the repository's pipeline. */
  runAll(repository: SourceRepository): Promise<RunView>;
  untilRun(id: string, what: string, isRight: (run: RunView) => boolean): Promise<RunView>;
  /** Waits for a line of the control plane's own log. */
  untilLog(pattern: RegExp): Promise<void>;
  logText(attempt: string, stream: number): Promise<string>;
  cancel(id: string): Promise<void>;
  /** Throws a Violation when the rows of a run break a promise: one live lease, one end, no gap in the audit. */
  checkHistory(id: string): Promise<void>;
  stop(): Promise<void>;
}

const WAIT_MS = 180_000;

export async function startPlaneOnNomad(
  agent: Pick<NomadAgent, "address" | "logTail">,
  settings: {
    readonly installation: string;
    readonly pool: object;
    /** For what operators have no setting, such as short leases. */
    readonly overrides?: Partial<ControlPlaneConfig>;
    /** Of every wait for a run. */
    readonly waitMs?: number;
  },
): Promise<PlaneOnNomad> {
  const stateFolder = await mkdtemp(join(tmpdir(), "delta-state-"));
  const { installation, pool } = settings;
  const file = join(stateFolder, "nomad.json");
  const content = { version: 1, address: agent.address, installation, pools: { default: pool } };
  await writeFile(file, JSON.stringify(content));
  const environment = {
    DELTA_STATE_DIR: stateFolder,
    DELTA_PORT: "0",
    DELTA_DISPATCHER: "nomad",
    DELTA_NOMAD_CONFIG: file,
  };
  const lines: string[] = [];
  const logStream = { write: (line: string) => void lines.push(line) };
  const plane = await startControlPlane(readConfig(environment, settings.overrides), { logStream });
  const authorization = `Bearer ${plane.apiToken}`;
  const ask = async (path: string, body?: object): Promise<string> => {
    const answer = await fetch(`${plane.url}/api/v1${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text;
  };
  const get = async <Answer>(path: string): Promise<Answer> => JSON.parse(await ask(path)) as Answer;
  return {
    plane,
    get,
    logText: (attempt, stream) => ask(`/attempts/${attempt}/logs/${stream}`),
    async runAll(repository) {
      const body = {
        repository_path: repository.path,
        head: repository.commit,
        base: null,
        ref: "refs/heads/main",
        default_branch: "main",
        jobs: [],
        all: true,
      };
      return JSON.parse(await ask("/runs", body)) as RunView;
    },
    untilLog: (pattern) =>
      withDeadline(
        `a line ${pattern} in the log`,
        WAIT_MS,
        async () => lines.some((line) => pattern.test(line)),
        async () => [...lines, await agent.logTail()].join("\n"),
      ),
    async cancel(id) {
      await ask(`/runs/${id}/cancel`, {});
    },
    async checkHistory(id) {
      const server = await startEmbeddedPostgres({ stateFolder });
      const database = connect(server.settings, { connections: 1, applicationName: "history" });
      try {
        const { plan } = await get<PlanView>(`/runs/${id}/plan`);
        await new HistoryChecker(database, id as RunId, plan).check();
      } finally {
        await database.end();
        await server.stop();
      }
    },
    async untilRun(id, what, isRight) {
      let run = await get<RunView>(`/runs/${id}`);
      await withDeadline(
        what,
        settings.waitMs ?? WAIT_MS,
        async () => {
          run = await get<RunView>(`/runs/${id}`);
          return isRight(run);
        },
        async () => [JSON.stringify(run, null, 1), ...lines, await agent.logTail()].join("\n"),
      );
      return run;
    },
    async stop() {
      await plane.stop();
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
}

export function hasEnded(run: RunView): boolean {
  return ["succeeded", "failed", "plan_failed", "canceled", "timed_out"].includes(run.state);
}

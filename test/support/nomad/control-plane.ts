import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, readConfig, startControlPlane } from "../../../control-plane/main.ts";
import type { RunView } from "../../../schemas/api.ts";
import type { SourceRepository } from "../source-repository.ts";
import type { NomadAgent } from "./agent.ts";
import { withDeadline } from "./deadline.ts";

/** A control plane that was started as operators start it: by settings and a file, on one agent. */
export interface PlaneOnNomad {
  readonly plane: ControlPlane;
  /** Answers of the API as JSON; anything but success is an Error. */
  get<Answer>(path: string): Promise<Answer>;
  /** Begins a run of every job of the repository's pipeline. */
  runAll(repository: SourceRepository): Promise<RunView>;
  untilRun(id: string, what: string, isRight: (run: RunView) => boolean): Promise<RunView>;
  logText(attempt: string, stream: number): Promise<string>;
  stop(): Promise<void>;
}

const WAIT_MS = 120_000;

export async function startPlaneOnNomad(
  agent: Pick<NomadAgent, "address" | "logTail">,
  settings: { readonly installation: string; readonly pool: object },
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
  const plane = await startControlPlane(readConfig(environment), { logStream });
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
    async untilRun(id, what, isRight) {
      let run = await get<RunView>(`/runs/${id}`);
      await withDeadline(
        what,
        WAIT_MS,
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

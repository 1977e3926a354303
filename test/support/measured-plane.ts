import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { DatabaseSettings } from "../../control-plane/db/client.ts";
import type { StartOptions } from "../../control-plane/main.ts";
import { gitHubEnvironment } from "./github/server-environment.ts";
import type { GitHubStandIn } from "./github/stand-in.ts";

/** What the program of the plane is given, as one argument. */
export interface PlaneOrder {
  readonly environment: Readonly<Record<string, string>>;
  readonly database: DatabaseSettings;
  readonly planner: StartOptions["planner"];
}

/** A control plane in a process of its own that measures its event loop from the inside. */
export interface MeasuredPlane {
  readonly url: string;
  /** False once the process is gone. */
  isAlive(): boolean;
  /** Milliseconds of CPU time of the longest turn of its event loop since the last question. */
  longestTurnMs(): Promise<number>;
}

/** Starts the plane for one test, in which it ends too. */
export async function startMeasuredPlane(
  github: GitHubStandIn,
  database: DatabaseSettings,
  planner?: StartOptions["planner"],
): Promise<MeasuredPlane> {
  const folder = mkdtempSync(join(tmpdir(), "delta-measured-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const environment = {
    ...gitHubEnvironment(github, join(folder, "keys")),
    DELTA_STATE_DIR: join(folder, "state"),
    DELTA_PORT: "0",
  };
  const order: PlaneOrder = { environment, database, planner };
  const program = join(import.meta.dirname, "measured-plane-program.ts");
  const plane = fork(program, [JSON.stringify(order)], { execArgv: [] });
  const gone = once(plane, "exit");
  onTestFinished(async () => {
    plane.kill("SIGTERM");
    await gone;
  });
  const answer = async (): Promise<unknown> => {
    const left = gone.then(() => [new Error("the control plane has ended")]);
    const [message] = (await Promise.race([once(plane, "message"), left])) as [unknown];
    if (message instanceof Error) throw message;
    return message;
  };
  const url = (await answer()) as string;
  return {
    url,
    isAlive: () => plane.exitCode === null && plane.signalCode === null,
    longestTurnMs: async () => {
      const told = answer();
      plane.send("longest turn");
      return (await told) as number;
    },
  };
}

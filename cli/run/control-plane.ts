import type { CompileRequest } from "../compile-here.ts";
import { ApiClient } from "../api-client.ts";
import { CliFailure } from "../failure.ts";
import { findLiveServer } from "../find-server.ts";
import { readServerFile } from "../state-folder.ts";
import type { StartedControlPlane } from "../start-control-plane.ts";

/** Something that answers for this state folder: a server that runs, or one of our own. */
export interface RunControlPlane {
  /** A client of it. Asked again when it went away, it finds or starts another: all state is in the database. */
  client(): Promise<ApiClient>;
  /** Stops our own server and waits for its jobs to be gone; leaves another's alone. Safe when repeated. */
  close(): Promise<void>;
}

/** What our own server keeps to, as the compile before it did. */
type PlanRules = Pick<CompileRequest, "limits" | "policy">;

/**
 * On the port of the server that was here before, so that runners it left find us and go on; on any
 * free port where there was none or another program has it now.
 */
async function startOwn({ limits, policy }: PlanRules): Promise<StartedControlPlane> {
  const { startHere } = await import("../start-control-plane.ts");
  const startOn = (port: number): Promise<StartedControlPlane> =>
    startHere({
      overrides: { port, host: "127.0.0.1", planJobsMax: limits.jobs, policy },
      log: "file",
      startedBy: "delta run",
    });
  const before = Number(URL.parse((await readServerFile())?.url ?? "")?.port ?? 0);
  return startOn(before).catch((error: unknown) => {
    if (before === 0 || !(error instanceof CliFailure) || error.code !== "port_in_use") throw error;
    return startOn(0);
  });
}

/** Uses the live server of this state folder, or starts one in this process on any free port. */
export async function openControlPlane(rules: PlanRules): Promise<RunControlPlane> {
  let own: StartedControlPlane | null = null;
  let starting: Promise<ApiClient> | null = null;
  const find = async (): Promise<ApiClient> => {
    if (own === null) {
      const live = await findLiveServer();
      if (live !== null) return live;
      own = await startOwn(rules);
    }
    const { url, apiToken } = own.server;
    return new ApiClient({ url, token: apiToken });
  };
  const client = (): Promise<ApiClient> => {
    starting ??= find().finally(() => (starting = null));
    return starting;
  };
  await client();
  return {
    client,
    async close() {
      await starting?.catch(() => {});
      await own?.server.stop();
    },
  };
}

import { ApiClient } from "../api-client.ts";
import { findLiveServer } from "../find-server.ts";
import type { StartedControlPlane } from "../start-control-plane.ts";

/** Something that answers for this state folder: a server that runs, or one of our own. */
export interface RunControlPlane {
  /** A client of it. Asked again when it went away, it finds or starts another: all state is in the database. */
  client(): Promise<ApiClient>;
  /** Stops our own server and waits for its jobs to be gone; leaves another's alone. Safe when repeated. */
  close(): Promise<void>;
}

/** Uses the live server of this state folder, or starts one in this process on any free port. */
export async function openControlPlane(): Promise<RunControlPlane> {
  let own: StartedControlPlane | null = null;
  let starting: Promise<ApiClient> | null = null;
  const find = async (): Promise<ApiClient> => {
    if (own === null) {
      const live = await findLiveServer();
      if (live !== null) return live;
      const { startHere } = await import("../start-control-plane.ts");
      own = await startHere({ overrides: { port: 0, host: "127.0.0.1" }, log: "file" });
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

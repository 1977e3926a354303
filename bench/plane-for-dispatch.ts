import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Database } from "../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../control-plane/db/embedded/embedded-postgres.ts";
import { readConfig, startControlPlane } from "../control-plane/main.ts";
import { NomadDispatcher } from "../nomad/dispatcher.ts";
import type { NomadConfig } from "../nomad/config.ts";
import type { Dispatcher } from "../schemas/dispatcher.ts";
import type { RepositoryId } from "../schemas/ids.ts";
import { insertRepository } from "../test/support/planned-run.ts";

/** A whole control plane on an embedded Postgres as it is shipped, in front of some Nomad. */
export interface BenchPlane {
  readonly url: string;
  readonly database: Database;
  readonly repository: RepositoryId;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startBenchPlane(
  nomad: NomadConfig,
  around: (dispatcher: Dispatcher) => Dispatcher = (dispatcher) => dispatcher,
): Promise<BenchPlane> {
  await using world = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "delta-bench-"));
  world.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startEmbeddedPostgres({ stateFolder: folder });
  world.defer(() => server.stop());
  const environment = {
    DELTA_STATE_DIR: folder,
    DELTA_PORT: "0",
    DELTA_LOG_LEVEL: "error",
    DELTA_POOLS: "default=100000",
  };
  const config = readConfig(environment, { database: server.settings });
  const plane = await startControlPlane(config, {
    dispatcher: (onHint) => around(new NomadDispatcher({ ...nomad, onHint })),
  });
  world.defer(() => plane.stop());
  const database = connect(server.settings, { connections: 2, applicationName: "bench" });
  world.defer(() => database.end({ timeout: 5 }));
  const repository = await insertRepository(database);
  const started = world.move();
  return { url: plane.url, database, repository, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

import type { ApiClient } from "../api-client.ts";
import { CliFailure } from "../failure.ts";
import { findServer } from "../find-server.ts";
import type { ServerFlags } from "../server-flags.ts";
import { checkDatabase } from "./database-check.ts";
import type { Finding } from "./finding.ts";
import { checkGit, checkNode, checkPort, checkStateFolder } from "./machine-checks.ts";
import { checkPipeline } from "./pipeline-check.ts";
import { checkRepository, checkServer } from "./project-checks.ts";

/** Every check, from the machine to the server; none of them changes anything. */
export async function diagnose(
  flags: ServerFlags & { readonly port: number | undefined },
): Promise<Finding[]> {
  const client = await findServer(flags).catch((error: unknown): ApiClient | null => {
    if (error instanceof CliFailure && error.code === "server_missing") return null;
    throw error;
  });
  const [git, state, database, repository, pipeline, server] = await Promise.all([
    checkGit(),
    checkStateFolder(),
    checkDatabase(),
    checkRepository(),
    checkPipeline(),
    checkServer(client),
  ]);
  const { PORT_DEFAULT } = await import("../../control-plane/config.ts");
  const running = server[0]?.state === "ok" ? (client?.address.url ?? null) : null;
  const port = await checkPort(flags.port ?? PORT_DEFAULT, running);
  return [checkNode(), git, database, state, port, repository, ...pipeline, ...server];
}

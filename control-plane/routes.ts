import type { FastifyInstance } from "fastify";
import type { BlobStore } from "../schemas/blob-store.ts";
import type { Dispatcher } from "../schemas/dispatcher.ts";
import type { Forge } from "../schemas/forge.ts";
import type { Database } from "./db/client.ts";
import type { Mirror } from "./git/mirror.ts";
import type { IncludeSettings } from "./tasks/pinned-files.ts";
import { RunningDigests } from "./artifacts/running-digests.ts";
import { createApiAccess } from "./http/api-access.ts";
import { registerArtifactIngress } from "./http/artifact-ingress.ts";
import { registerGitHttp } from "./http/git-http.ts";
import { registerLogIngress } from "./http/log-ingress.ts";
import { registerRunnerApi } from "./http/runner-api.ts";
import { registerRunsApi } from "./http/runs-api.ts";
import { registerWebhooks } from "./http/webhooks.ts";
import type { IdentityVerifier } from "./lifecycle/claim.ts";
import type { LeaseTiming } from "./lifecycle/lease-timing.ts";
import type { LogSignals } from "./logs/log-signals.ts";
import type { Planner } from "./planning/planner.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import type { TaskLog } from "./tasks/context.ts";
import { registerWeb } from "./web/register-web.ts";

/** The parts of one control plane that its routes and tasks share. */
export interface Services {
  readonly database: Database;
  readonly apiToken: string;
  readonly blobs: BlobStore;
  readonly signals: LogSignals;
  readonly mirror: Mirror;
  readonly includes: IncludeSettings;
  readonly planner: Planner;
  /** Null when no GitHub App is configured. */
  readonly github: Forge | null;
  readonly dispatcher: Dispatcher;
  /** What runners prove themselves with; null where the dispatcher hands each its claim token. */
  readonly identities: IdentityVerifier | null;
  readonly leaseTiming: LeaseTiming;
  readonly localRepositories: boolean;
  /** How long an artifact is kept whose job does not say. */
  readonly artifactsKeptMs: number;
  readonly log: TaskLog;
}

/** Everything that is answered over HTTP. */
export function registerRoutes(app: FastifyInstance, services: Services): void {
  const { database, github, mirror, blobs, signals, leaseTiming } = services;
  registerRunnerApi(app, { database, timing: leaseTiming, identities: services.identities });
  registerLogIngress(app, { database, blobs, signals });
  const artifacts = { database, blobs, digests: new RunningDigests(), keptMs: services.artifactsKeptMs };
  registerArtifactIngress(app, artifacts);
  registerGitHttp(app, { database, mirror });
  const access = createApiAccess(services.apiToken);
  registerWeb(app, { database, access });
  registerRunsApi(app, {
    database,
    blobs,
    signals,
    access,
    version: PROGRAM_VERSION,
    dispatcher: services.dispatcher.name,
    localRepositories: services.localRepositories,
  });
  if (github !== null) {
    registerWebhooks(app, { database, github });
  }
}

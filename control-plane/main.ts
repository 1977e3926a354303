import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import type { Dispatcher, Hint } from "../schemas/dispatcher.ts";
import type { Forge } from "../schemas/forge.ts";
import {
  createNomadDispatcher,
  createNomadIdentities,
  readNomadConfig,
  type NomadIdentities,
  type NomadSettings,
} from "../nomad/index.ts";
import { ConfigError, type ControlPlaneConfig, type DispatcherChoice } from "./config.ts";
import { systemClock } from "./clock.ts";
import { inTransaction } from "./db/in-transaction.ts";
import { recordSweep } from "./db/sweep.ts";
import { LocalBlobStore } from "./blobs/local-blob-store.ts";
import { LocalProcessDispatcher } from "./dispatchers/local-process.ts";
import { GitHubForge } from "./forge/github/github-forge.ts";
import { Mirror } from "./git/mirror.ts";
import { createHttpServer } from "./http/server.ts";
import { LogSignals } from "./logs/log-signals.ts";
import { openDatabase } from "./open-database.ts";
import { createPlanner, type PlannerSettings } from "./planning/planner.ts";
import { startQueue } from "./queue.ts";
import { registerRoutes, type Services } from "./routes.ts";
import { apiToken, removeServerFile, serverKey, writeServerFile } from "./server-files.ts";
import { planningTurns, taskHandlers } from "./task-handlers.ts";
import type { TaskContext, TaskLog } from "./tasks/context.ts";
import { every, type Loop } from "./tasks/every.ts";
import { createDispatching } from "./tasks/dispatch-attempts.ts";
import { createObserving } from "./tasks/observe-attempts.ts";
import { recoverDeliveries } from "./tasks/recover-deliveries.ts";
import { removeOld } from "./tasks/remove-old.ts";
import { sweep, type SweepTiming } from "./tasks/sweep.ts";

/** One request a minute finds what was lost within minutes. */
const DELIVERY_CHECK_MS = 60_000;
const REMOVE_OLD_MS = 5 * 60_000;

export { ConfigError, PORT_DEFAULT, readConfig, type ControlPlaneConfig } from "./config.ts";

/** A control plane at work. */
export interface ControlPlane {
  readonly url: string;
  readonly port: number;
  readonly apiToken: string;
  /** Gently: takes no more work, lets what is under way finish, stops local runners. Safe when repeated. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** In place of the configured one, made with whom it tells its hints; a test gives its own. */
  readonly dispatcher?: (onHint: (hint: Hint) => void) => Dispatcher;
  /** Another program to plan with, or another deadline; a test gives broken ones. */
  readonly planner?: Pick<PlannerSettings, "program" | "timeoutMs">;
  /** Where log lines go; stderr when absent. */
  readonly logStream?: { write(line: string): void };
  /** The command that starts it, for who finds it in the way. */
  readonly startedBy?: string;
}

/**
 * Builds and joins everything: database, HTTP, backend, queue and sweeper. Resolves when all of it is
 * at work; a failure on the way stops what was started and throws an Error that says what to do.
 */
export async function startControlPlane(
  config: ControlPlaneConfig,
  options: StartOptions = {},
): Promise<ControlPlane> {
  await using started = new AsyncDisposableStack();
  const { logLevel, stateFolder } = config;
  const app = await createHttpServer({
    logLevel,
    ...(options.logStream === undefined ? {} : { logStream: options.logStream }),
  });
  const { log } = app;
  const hints: Hints = { onHint: () => undefined };
  const backend =
    options.dispatcher === undefined
      ? buildBackend(config, hints, (message) => log.warn({}, message))
      : { dispatcher: options.dispatcher((hint) => hints.onHint(hint)), identities: null };
  started.defer(async () => backend.identities?.close());
  const opened = await openDatabase(config, log);
  started.defer(() => opened.close());
  const { database } = opened;
  const token = await apiToken(stateFolder, config.apiTokenFile);
  const services = buildServices(config, database, token, log, { ...backend, planner: options.planner });
  started.defer(() => services.planner.stop());
  // Before the first request: after an outage of ours every lease gets one more term.
  const timing = sweepTiming(config);
  await inTransaction(database, (tx) => recordSweep(tx, timing));

  registerRoutes(app, services);
  const port = await listen(app, config);
  started.defer(() => app.close());
  const url = config.publicUrl ?? localUrl(config.host, port);
  const context = await taskContext(config, services, url, log);
  await services.dispatcher.start();
  started.defer(() => services.dispatcher.close());
  const observing = createObserving(context);
  const observer = every(config.observeIntervalMs, "observing", log, () => observing.pass());
  started.defer(() => observer.stop());
  const dispatching = createDispatching(context, () => observer.soon());
  const turns = planningTurns(services, log);
  started.defer(() => turns.stop());
  const handlers = taskHandlers(services, context, dispatching, turns);
  const queue = await startQueue(opened.settings, handlers, log);
  started.defer(() => queue.stop());
  const sweeper = every(timing.intervalMs, "the sweep", log, () => sweep({ database, timing, log }));
  started.defer(() => sweeper.stop());
  if (services.github !== null) {
    const recovery = lookForLostDeliveries(database, services.github, log);
    started.defer(() => recovery.stop());
  }
  const { blobs, mirror } = services;
  const remover = every(REMOVE_OLD_MS, "the removal of what is old", log, () =>
    removeOld({ database, blobs, mirror, retention: config.retention, log }),
  );
  started.defer(() => remover.stop());
  hints.onHint = (hint) => {
    observing.hint(hint);
    // To explain a wait may itself wait until those before it are dispatched.
    if (!dispatching.isCrowded()) observer.soon();
  };
  await writeServerFile(stateFolder, { url, token, started_by: options.startedBy ?? null });
  started.defer(() => removeServerFile(stateFolder));

  const running = started.move();
  return { url, port, apiToken: token, stop: () => running.disposeAsync() };
}

/** The first look comes at once. */
function lookForLostDeliveries(database: Services["database"], forge: Forge, log: TaskLog): Loop {
  let atOnce = true;
  const loop = every(DELIVERY_CHECK_MS, "the look for lost deliveries", log, async () => {
    await recoverDeliveries({ database, forge, intervalMs: DELIVERY_CHECK_MS, atOnce, log });
    atOnce = false;
  });
  loop.soon();
  return loop;
}

/** Told when a backend says that something moved; nobody listens before the observer is at work. */
interface Hints {
  onHint: (hint: Hint) => void;
}

interface Backend {
  readonly dispatcher: Dispatcher;
  readonly identities: NomadIdentities | null;
}

/** What starts the runners, and what proves them. Throws a ConfigError when its own file is not usable. */
function buildBackend(
  { dispatcher, stateFolder }: ControlPlaneConfig,
  hints: Hints,
  warn: (message: string) => void,
): Backend {
  if (dispatcher.name === "local-process") {
    const local = new LocalProcessDispatcher({
      runtimeFolder: join(stateFolder, "runners"),
      workspaceRoot: join(stateFolder, "workspaces"),
      launcher: fileURLToPath(import.meta.resolve("../runner/delta-runner.js")),
      warn,
    });
    return { dispatcher: local, identities: null };
  }
  const { config, issuer } = nomadSettings(dispatcher, hints);
  return {
    dispatcher: createNomadDispatcher(config),
    identities: config.claimProof === "workload_identity" ? createNomadIdentities(config, issuer) : null,
  };
}

function nomadSettings(
  { configFile, configText }: Extract<DispatcherChoice, { name: "nomad" }>,
  hints: Hints,
): NomadSettings {
  try {
    return readNomadConfig(configFile, configText, (hint) => hints.onHint(hint));
  } catch (error) {
    throw new ConfigError([`DELTA_NOMAD_CONFIG: ${(error as Error).message}`]);
  }
}

/** Nomad places by labels and gives containers no network; a process of this machine has what the machine has. */
const ABILITIES = {
  nomad: { labels: true, network: true },
  "local-process": { labels: false, network: false },
} as const;

function buildServices(
  config: ControlPlaneConfig,
  database: Services["database"],
  token: string,
  log: TaskLog,
  { dispatcher, identities, planner }: Backend & { readonly planner: StartOptions["planner"] },
): Services {
  const { stateFolder, github } = config;
  const warn = (message: string): void => log.warn({}, message);
  const rules = { plainHttpHosts: config.plainHttpHosts, localPaths: config.localRepositories };
  return {
    database,
    apiToken: token,
    blobs: new LocalBlobStore(join(stateFolder, "blobs")),
    signals: new LogSignals(),
    mirror: new Mirror(join(stateFolder, "mirrors"), rules),
    includes: { folder: join(stateFolder, "pinned"), allowed: config.includeFrom, rules },
    planner: createPlanner({
      ...planner,
      rules: {
        limits: { jobs: config.planJobsMax },
        policy: config.policy,
        backend: ABILITIES[config.dispatcher.name],
      },
    }),
    github: github === null ? null : new GitHubForge(github, systemClock, { warn }),
    dispatcher,
    identities,
    leaseTiming: config.leaseTiming,
    localRepositories: config.localRepositories,
    artifactsKeptMs: config.retention.artifactsMs,
    log,
  };
}

async function taskContext(
  config: ControlPlaneConfig,
  { database, dispatcher }: Services,
  url: string,
  log: TaskLog,
): Promise<TaskContext> {
  const key = await serverKey(config.stateFolder);
  return { database, dispatcher, poolCaps: config.poolCaps, serverKey: key, controlPlaneUrl: url, log };
}

/** The outage limit is a third of the TTL: a shorter gap costs no runner its lease. */
function sweepTiming({ leaseTiming, sweepIntervalMs }: ControlPlaneConfig): SweepTiming {
  const { ttlMs } = leaseTiming;
  return {
    intervalMs: sweepIntervalMs,
    outageMs: Math.max(Math.ceil(ttlMs / 3), 2 * sweepIntervalMs),
    ttlMs,
  };
}

/** The port it listens on. A port that another program holds is an error that says so. */
async function listen(app: FastifyInstance, { host, port }: ControlPlaneConfig): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "another program holds it" : message;
    throw new Error(`cannot listen on port ${port} of ${host}: ${why}; choose another port (DELTA_PORT)`, {
      cause: error,
    });
  }
  const address = app.server.address();
  return address !== null && typeof address === "object" ? address.port : port;
}

/** Where programs of this machine reach a server that listens on the host. */
function localUrl(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

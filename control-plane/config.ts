import { availableParallelism, homedir } from "node:os";
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { formatHuman, textsOf } from "../compiler/diagnostics/index.ts";
import { type OperatorPolicy, readPolicy } from "../compiler/index.ts";
import { parseDatabaseUrl, type DatabaseSettings } from "./db/client.ts";
import type { GitHubForgeSettings } from "./forge/github/github-forge.ts";
import type { HttpServerSettings } from "./http/server.ts";
import { PLAN_JOBS_CEILING, PLAN_JOBS_MAX } from "../schemas/limits.ts";
import { LEASE_TIMING_DEFAULT, type LeaseTiming } from "./lifecycle/lease-timing.ts";
import type { Retention } from "./tasks/remove-old.ts";
import type { Capacity } from "./scheduler/room.ts";

/** Where attempts run. What is in Nomad's file is read where the dispatcher is built. */
export type DispatcherChoice =
  | { readonly name: "local-process" }
  | { readonly name: "nomad"; readonly configFile: string; readonly configText: string };

export interface ControlPlaneConfig {
  /** Database, mirrors, blobs and keys of a server on this machine. */
  readonly stateFolder: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where runners and people reach this server when that is not where it listens. */
  readonly publicUrl: string | null;
  /** Null starts the embedded Postgres in the state folder. */
  readonly database: DatabaseSettings | null;
  /** Most attempts alive at once, by pool. */
  readonly poolCaps: Capacity["poolCaps"];
  readonly dispatcher: DispatcherChoice;
  readonly github: GitHubForgeSettings | null;
  /** File with the API's token; null keeps one in the state folder. */
  readonly apiTokenFile: string | null;
  /** Repositories by absolute path may be run: right for a laptop, wrong for a shared server. */
  readonly localRepositories: boolean;
  /** `host:port` of forges that are reached without TLS because their API's URL says so. */
  readonly plainHttpHosts: readonly string[];
  readonly logLevel: HttpServerSettings["logLevel"];
  /** The operators' policy, which every plan keeps to; null: they say nothing. */
  readonly policy: OperatorPolicy | null;
  /** Names and URLs that pipelines may include files from; null: repositories of the same owner. */
  readonly includeFrom: readonly string[] | null;
  /** Jobs in one plan of any repository, up to PLAN_JOBS_CEILING. */
  readonly planJobsMax: number;
  readonly leaseTiming: LeaseTiming;
  readonly sweepIntervalMs: number;
  readonly observeIntervalMs: number;
  readonly retention: Retention;
}

/** What is wrong with the settings: one line each, all of them at once. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration is not usable:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/** Spells DELT on a phone; no common service uses it, and systems do not give it away. */
export const PORT_DEFAULT = 3358;
const PORT_MAX = 65_535;
const SWEEP_INTERVAL_MS = 1_000;
const OBSERVE_INTERVAL_MS = 10_000;
const DAY_MS = 24 * 60 * 60_000;
const KEEP_DAYS_MAX = 3_650;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/**
 * Reads the environment, with what the caller sets itself on top. Throws a ConfigError that lists
 * every fault.
 */
export function readConfig(
  environment: NodeJS.ProcessEnv = process.env,
  overrides: Partial<ControlPlaneConfig> = {},
): ControlPlaneConfig {
  const faults: string[] = [];
  const read = <Value>(body: () => Value): Value | undefined => {
    try {
      return body();
    } catch (error) {
      faults.push((error as Error).message);
      return undefined;
    }
  };
  const variable = (name: string): string | null => environment[name] || null;
  const values: { [Key in keyof ControlPlaneConfig]: ControlPlaneConfig[Key] | undefined } = {
    stateFolder: read(() => stateFolder(environment)),
    host: variable("DELTA_HOST") ?? "127.0.0.1",
    port: read(() => wholeNumber("DELTA_PORT", variable("DELTA_PORT"), PORT_DEFAULT, PORT_MAX)),
    publicUrl: read(() => url("DELTA_PUBLIC_URL", variable("DELTA_PUBLIC_URL"))),
    database: read(() => database(variable("DELTA_DATABASE_URL") ?? variable("DATABASE_URL"))),
    poolCaps: read(() => poolCaps(variable("DELTA_POOLS"))),
    dispatcher: read(() => dispatcher(variable)),
    github: read(() => github(variable)),
    apiTokenFile: variable("DELTA_API_TOKEN_FILE"),
    localRepositories: true,
    plainHttpHosts: plainHttpHosts(variable("DELTA_GITHUB_API_URL")),
    logLevel: read(() => logLevel(variable("DELTA_LOG_LEVEL"))),
    includeFrom: includeFrom(variable("DELTA_INCLUDE_FROM")),
    policy: read(() => policy(variable("DELTA_POLICY_FILE"))),
    planJobsMax: read(() => planJobsMax(variable("DELTA_PLAN_JOBS_MAX"))),
    leaseTiming: LEASE_TIMING_DEFAULT,
    sweepIntervalMs: SWEEP_INTERVAL_MS,
    observeIntervalMs: OBSERVE_INTERVAL_MS,
    retention: read(() => retention(variable)),
  };
  if (faults.length > 0) {
    throw new ConfigError(faults);
  }
  return { ...(values as ControlPlaneConfig), ...overrides };
}

function retention(variable: (name: string) => string | null): Retention {
  const days = (name: string, byDefault: number): number => {
    const value = wholeNumber(name, variable(name), byDefault, KEEP_DAYS_MAX);
    if (value === 0) {
      throw new Error(`${name}: 0 would remove what is still asked for; keep it for 1 day at least`);
    }
    return value * DAY_MS;
  };
  return {
    deliveryBodiesMs: days("DELTA_KEEP_DELIVERIES_DAYS", 30),
    commitsMs: days("DELTA_KEEP_COMMITS_DAYS", 90),
    messagesMs: days("DELTA_KEEP_MESSAGES_DAYS", 1),
    artifactsMs: days("DELTA_KEEP_ARTIFACTS_DAYS", 30),
  };
}

function stateFolder(environment: NodeJS.ProcessEnv): string {
  const own = environment["DELTA_STATE_DIR"];
  const folder = own || join(environment["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "delta");
  if (!isAbsolute(folder)) {
    throw new Error(`DELTA_STATE_DIR: "${folder}" is not an absolute path`);
  }
  return folder;
}

function wholeNumber(name: string, text: string | null, byDefault: number, max: number): number {
  const value = text === null ? byDefault : Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new Error(`${name}: "${text}" is not a whole number from 0 to ${max}`);
  }
  return value;
}

function planJobsMax(text: string | null): number {
  const jobs = wholeNumber("DELTA_PLAN_JOBS_MAX", text, PLAN_JOBS_MAX, PLAN_JOBS_CEILING);
  if (jobs === 0) {
    throw new Error("DELTA_PLAN_JOBS_MAX: a plan may have at least one job");
  }
  return jobs;
}

function url(name: string, text: string | null): string | null {
  if (text !== null && !/^https?:$/.test(URL.parse(text)?.protocol ?? "")) {
    throw new Error(`${name}: "${text}" is not an http:// or https:// URL`);
  }
  return text === null ? null : text.replace(/\/+$/, "");
}

function database(text: string | null): DatabaseSettings | null {
  return text === null ? null : parseDatabaseUrl(text);
}

/** `default=4,big=1`; a pool that is not named has the default's cap. */
function poolCaps(text: string | null): Capacity["poolCaps"] {
  const caps: { default: number } & Record<string, number> = { default: availableParallelism() };
  for (const entry of (text ?? "").split(",").filter((part) => part.trim() !== "")) {
    const [, pool, cap] = /^\s*([a-z0-9][a-z0-9_-]*)=([0-9]{1,6})\s*$/.exec(entry) ?? [];
    if (pool === undefined) {
      throw new Error(`DELTA_POOLS: "${entry}" is not <pool>=<attempts at once>, such as default=4`);
    }
    caps[pool] = Number(cap);
  }
  return caps;
}

function dispatcher(variable: (name: string) => string | null): DispatcherChoice {
  const name = variable("DELTA_DISPATCHER") ?? "local-process";
  const configFile = variable("DELTA_NOMAD_CONFIG");
  if (name === "local-process") {
    return { name };
  }
  if (name !== "nomad") {
    throw new Error(`DELTA_DISPATCHER: "${name}" is not one of local-process, nomad`);
  }
  if (configFile === null) {
    throw new Error("DELTA_NOMAD_CONFIG: the dispatcher nomad needs the file that describes the cluster");
  }
  return { name, configFile, configText: fileText("DELTA_NOMAD_CONFIG", configFile) };
}

function github(variable: (name: string) => string | null): GitHubForgeSettings | null {
  const appId = variable("DELTA_GITHUB_APP_ID");
  const keyFile = variable("DELTA_GITHUB_PRIVATE_KEY_FILE");
  const secretFile = variable("DELTA_GITHUB_WEBHOOK_SECRET_FILE");
  if (appId === null && keyFile === null && secretFile === null) {
    return null;
  }
  if (appId === null || keyFile === null || secretFile === null) {
    throw new Error(
      "DELTA_GITHUB_APP_ID, DELTA_GITHUB_PRIVATE_KEY_FILE and DELTA_GITHUB_WEBHOOK_SECRET_FILE go together: set all or none",
    );
  }
  return {
    appId,
    privateKey: fileText("DELTA_GITHUB_PRIVATE_KEY_FILE", keyFile),
    webhookSecret: fileText("DELTA_GITHUB_WEBHOOK_SECRET_FILE", secretFile).trim(),
    apiUrl: url("DELTA_GITHUB_API_URL", variable("DELTA_GITHUB_API_URL")) ?? "https://api.github.com",
  };
}

/** Whoever names an http:// API has decided about that host; every other clone URL must be https. */
function plainHttpHosts(apiUrl: string | null): readonly string[] {
  const url = URL.parse(apiUrl ?? "");
  return url?.protocol === "http:" ? [url.host] : [];
}

function includeFrom(text: string | null): readonly string[] | null {
  return text === null ? null : text.split(",").map((entry) => entry.trim());
}

/** Told as the compiler tells it, each fault with its place in the file. */
function policy(path: string | null): OperatorPolicy | null {
  if (path === null) return null;
  const bytes = new TextEncoder().encode(fileText("DELTA_POLICY_FILE", path));
  const read = readPolicy(path, bytes);
  if (read.policy !== null) return read.policy;
  const found = formatHuman(read.diagnostics, textsOf(new Map([[path, bytes]])));
  throw new Error(`DELTA_POLICY_FILE: ${path} is not usable:\n${found}`);
}

function fileText(name: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${name}: ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (text.trim() === "") {
    throw new Error(`${name}: ${path} is empty`);
  }
  return text;
}

function logLevel(text: string | null): ControlPlaneConfig["logLevel"] {
  const level = LOG_LEVELS.find((known) => known === (text ?? "warn"));
  if (level === undefined) {
    throw new Error(`DELTA_LOG_LEVEL: "${text}" is not one of ${LOG_LEVELS.join(", ")}`);
  }
  return level;
}

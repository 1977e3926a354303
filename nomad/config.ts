import type { Hint } from "../schemas/dispatcher.ts";
import type { TaskProfile } from "./task-profile.ts";

/** Files in PEM; read again for each new connection. */
export interface NomadTls {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  /** Name in the servers' certificate where it is not the host of the address, e.g. `server.global.nomad`. */
  readonly serverName: string | null;
}

export interface NomadClientConfig {
  /** `http://host:4646` or `https://host:4646`. */
  readonly address: string;
  readonly namespace: string;
  readonly region: string | null;
  readonly tokenFile: string | null;
  readonly tls: NomadTls | null;
  /** Calls under way at once. Nomad closes the door at 100 connections per client address. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** From the call to the last byte of its answer, waiting for a free connection included. */
  readonly requestTimeoutMs: number;
}

/** How one pool of the pipeline language is placed on the cluster. Written by operators, never by users. */
export interface NomadPool {
  readonly nodePool: string;
  readonly datacenters: readonly string[];
  readonly profile: TaskProfile;
  /** What an attempt gets when its job asks for nothing. */
  readonly resources: NomadResources;
  /** The most a job of this pool may ask for; a greater wish is refused, not cut. */
  readonly resourcesMax: NomadResources;
}

export interface NomadResources {
  /** MHz in Nomad's count; one thousandth of a core of the pipeline counts as one MHz. */
  readonly cpuMillis: number;
  readonly memoryMegabytes: number;
  readonly diskMegabytes: number;
}

export interface NomadConfig extends NomadClientConfig {
  /** Tells the jobs of several Delta CI installations in one namespace apart: `[a-z0-9]{1,16}`. */
  readonly installation: string;
  /** Nomad's job priority, 1 to 100, for all attempts: which attempt comes first is the scheduler's to say. */
  readonly priority: number;
  readonly pools: Readonly<Record<string, NomadPool>>;
  /** How a runner proves that it was started for its attempt. */
  readonly claimProof: "workload_identity" | "claim_token";
  /** Longest silence of the event stream, on which Nomad says something every 30 s, before it is opened anew. */
  readonly eventSilenceMs: number;
  /** Told when the event stream says that something moved; it may be late or missing. */
  readonly onHint: ((hint: Hint) => void) | null;
}

export const CLIENT_DEFAULTS = {
  namespace: "default",
  region: null,
  tokenFile: null,
  tls: null,
  connections: 8,
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 15_000,
} as const satisfies Partial<NomadClientConfig>;

/** Two heartbeats of Nomad's may be missing, and the next one late. */
export const EVENT_SILENCE_MS_DEFAULT = 75_000;

export const INSTALLATION_PATTERN = /^[a-z0-9]{1,16}$/;

/** The faults of a configuration, one sentence each; empty when it can be used. */
export function configFaults(config: NomadConfig): readonly string[] {
  const faults: string[] = [];
  if (!URL.canParse(config.address) || !/^https?:$/.test(new URL(config.address).protocol)) {
    faults.push(`address: "${config.address}" is not an http:// or https:// URL`);
  }
  if (config.tls !== null && config.address.startsWith("http:")) {
    faults.push(`address: "${config.address}" is plain http, but TLS files are given; write https://`);
  }
  if (!INSTALLATION_PATTERN.test(config.installation)) {
    faults.push(`installation: "${config.installation}" must be 1 to 16 of a-z and 0-9`);
  }
  if (!Number.isInteger(config.priority) || config.priority < 1 || config.priority > 100) {
    faults.push(`priority: ${config.priority} must be a whole number from 1 to 100`);
  }
  if (!Number.isInteger(config.connections) || config.connections < 1 || config.connections > 90) {
    faults.push(`connections: ${config.connections} must be a whole number from 1 to 90`);
  }
  for (const [name, { profile }] of Object.entries(config.pools)) {
    if (profile.machine !== null && config.claimProof !== "workload_identity") {
      // A claim token would stand among QEMU's arguments, which every user of the client can read.
      faults.push(`claim_proof: pool "${name}" gives machines, whose runners need "workload_identity"`);
    }
  }
  if (Object.keys(config.pools).length === 0) faults.push("pools: at least one pool must be named");
  return faults;
}

import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { parseArgs } from "node:util";
import { BadConfiguration } from "./config.ts";
import { pipeToRelay } from "./pipe.ts";
import {
  RELAY_CONNECT_MS,
  RELAY_CONNECTIONS_MAX,
  RELAY_IDLE_MS,
  startRelay,
  type RelaySettings,
} from "./relay.ts";

/** `delta-runner relay`: serves until it is told to stop. Resolves once every connection is closed. */
export async function serveRelay(args: readonly string[], say: (line: string) => void): Promise<void> {
  const settings = await relaySettings(args);
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
  const relay = await startRelay(settings);
  say(`forwarding ${settings.socketPath} to ${settings.controlPlane.origin}`);
  const signal = await stopped;
  say(`${signal}: closing ${relay.connections} connections`);
  await relay.close();
}

/** `delta-runner pipe`: one connection between standard input and output and the relay's socket. */
export async function pipe(args: readonly string[]): Promise<void> {
  const { socket } = optionsOf(args, ["socket"]);
  await pipeToRelay(absolute("socket", socket), process.stdin, process.stdout);
}

export async function relaySettings(args: readonly string[]): Promise<RelaySettings> {
  const options = optionsOf(args, ["socket", "control-plane", "ca"]);
  const socketPath = absolute("socket", options["socket"]);
  const text = options["control-plane"] ?? "";
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new BadConfiguration(`--control-plane: "${text}" is not an http:// or https:// URL`);
  }
  const controlPlane = new URL(text);
  if (controlPlane.pathname !== "/" || controlPlane.search !== "") {
    throw new BadConfiguration(
      `--control-plane: "${text}" has a path; the relay forwards bytes, not requests`,
    );
  }
  const ca = options["ca"] === undefined ? null : await readFile(absolute("ca", options["ca"]), "utf8");
  return {
    socketPath,
    controlPlane,
    ca,
    connectionsMax: RELAY_CONNECTIONS_MAX,
    idleMs: RELAY_IDLE_MS,
    connectMs: RELAY_CONNECT_MS,
  };
}

function optionsOf(args: readonly string[], names: readonly string[]): Partial<Record<string, string>> {
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new BadConfiguration((cause as Error).message, { cause });
  }
}

function absolute(name: string, path: string | undefined): string {
  if (path === undefined || !isAbsolute(path)) {
    throw new BadConfiguration(
      `--${name}: ${path === undefined ? "is missing" : `"${path}" is not absolute`}`,
    );
  }
  return path;
}

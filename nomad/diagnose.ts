import { stat } from "node:fs/promises";
import { Pool } from "undici";
import { Leader } from "./api-types.ts";
import { NomadClient } from "./client.ts";
import { checkCluster } from "./cluster-checks.ts";
import type { NomadConfig } from "./config.ts";
import { bad, note, ok, type NomadFinding } from "./finding.ts";
import { checkConsoleRight, checkMachineClient, type ClientPlace } from "./machine-checks.ts";
import { NomadError } from "./nomad-error.ts";
import { checkRights } from "./rights-checks.ts";

/** Identities are refused 30 s off; half of it is time to act. */
const CLOCK_OFF_MS_MAX = 15_000;
const RELAY_MS = 5_000;

export interface DiagnoseOptions {
  /** The relay's socket, when this machine is a client; null leaves it out. */
  readonly relaySocket: string | null;
  /** A file with a token of more rights, for what only nodes can tell; null takes the dispatcher's own. */
  readonly nodeTokenFile: string | null;
  /** This machine, when it is a client of a pool of machines; null leaves out what only such a one can tell. */
  readonly client: ClientPlace | null;
}

/**
 * Looks at a cluster the way the dispatcher will use it, and says what to do about what is missing.
 * Changes nothing: what would register a job asks for an index that no job has.
 */
export async function diagnoseNomad(
  config: NomadConfig,
  { relaySocket, nodeTokenFile, client: place }: DiagnoseOptions,
): Promise<readonly NomadFinding[]> {
  const client = new NomadClient(config);
  const readerFile = nodeTokenFile ?? config.tokenFile;
  const reader = new NomadClient({ ...config, tokenFile: readerFile });
  try {
    const reach = await checkReach(client, config);
    if (reach.some(({ check, state }) => check === "reachable" && state === "bad")) return reach;
    return [
      ...reach,
      ...(await checkRights(client, config)),
      ...(await checkConsoleRight(client, config)),
      ...(await checkCluster(reader, config)),
      ...(await checkMachineClient(config, readerFile, place)),
      ...(await checkRelay(config, relaySocket)),
    ];
  } finally {
    await Promise.all([client.close(), reader.close()]);
  }
}

async function checkReach(client: NomadClient, { address, tokenFile }: NomadConfig): Promise<NomadFinding[]> {
  if (tokenFile !== null && !(await isFile(tokenFile))) {
    return [
      bad("reachable", `the token file ${tokenFile} is not there`, "Write the token to it, mode 0600."),
    ];
  }
  try {
    const { value, date } = await client.call({ method: "GET", path: "/status/leader", answer: Leader });
    if (value === "") {
      const advice = "Look at the servers' logs: no majority of them is there.";
      return [bad("reachable", `${address} answers, but the cluster has no leader`, advice)];
    }
    return [ok("reachable", `${address}, leader ${value}`), checkClock(date)];
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    const advice = "Check `address` and `tls` in the file, and that this machine may connect there.";
    return [bad("reachable", error.message, advice)];
  }
}

/** Nomad's answers carry its time in whole seconds. */
function checkClock(date: string | null): NomadFinding {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return note("clock", "Nomad's answer has no date", "Compare the clocks by hand.");
  const milliseconds = Date.now() - theirs;
  if (Math.abs(milliseconds) <= CLOCK_OFF_MS_MAX) return ok("clock", "agrees with Nomad's");
  const seconds = Math.round(Math.abs(milliseconds) / 1_000);
  const found = `${seconds} s ${milliseconds > 0 ? "ahead of" : "behind"} Nomad's`;
  return bad("clock", found, "Run a time service on both: identities are refused 30 s off.");
}

/** Containers reach the control plane through the socket on their own client, so only a client can look. */
async function checkRelay(
  { pools }: NomadConfig,
  socketPath: string | null,
): Promise<readonly NomadFinding[]> {
  const isNeeded = Object.values(pools).some(({ profile }) => profile.controlPlane !== null);
  if (socketPath === null) {
    const advice = "Run this on a client of the pool with --relay <folder>/control.sock.";
    return isNeeded ? [note("relay", "not looked at", advice)] : [];
  }
  const relay = new Pool("http://relay", { socketPath, headersTimeout: RELAY_MS, bodyTimeout: RELAY_MS });
  try {
    const { statusCode, body } = await relay.request({ method: "GET", path: "/api/v1/health" });
    await body.dump();
    if (statusCode === 200) return [ok("relay", `${socketPath} leads to a control plane`)];
    return [
      bad(
        "relay",
        `${socketPath} leads to something that answers ${statusCode}`,
        "Check its --control-plane.",
      ),
    ];
  } catch (error) {
    const advice = "Look at `systemctl status delta-relay`, and at its --control-plane.";
    return [bad("relay", `${socketPath}: ${(error as Error).message}`, advice)];
  } finally {
    await relay.destroy();
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

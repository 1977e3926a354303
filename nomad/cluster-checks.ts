import { Members, NodeAnswer, NodeList, type NodeStub } from "./api-types.ts";
import type { NomadClient } from "./client.ts";
import type { NomadConfig, NomadPool } from "./config.ts";
import { bad, note, ok, type NomadFinding } from "./finding.ts";
import { checkDriver } from "./machine-checks.ts";
import { NomadError } from "./nomad-error.ts";
import { newProbeId, probeRequest } from "./probe.ts";

const VERSION_MIN = [1, 11, 3] as const;
const VERSION_ADVISED = [2, 0, 5] as const;
/** Nodes of one pool that are read for their volumes; a screen is no inventory. */
const NODES_READ_MAX = 20;
const NODE_READ_ADVICE =
  'Run it once with a token that has `node { policy = "read" }` (--nomad-token-file); the dispatcher itself needs none.';

/** What only the cluster's nodes can tell. Without the right to read them, one note. */
export async function checkCluster(
  client: NomadClient,
  config: NomadConfig,
): Promise<readonly NomadFinding[]> {
  try {
    const members = (await client.call({ method: "GET", path: "/agent/members", answer: Members })).value;
    const nodes = (await client.call({ method: "GET", path: "/nodes", answer: NodeList })).value;
    const findings = [checkVersion(members.Members.map(({ Tags }) => Tags?.["build"] ?? ""))];
    for (const [name, pool] of Object.entries(config.pools)) {
      findings.push(...(await checkNodes(client, name, pool, nodes)));
    }
    return findings;
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    if (error.failure === "denied") {
      return [note("nodes", "version, drivers and volumes cannot be read", NODE_READ_ADVICE)];
    }
    return [bad("nodes", error.message, "Look at the servers' logs.")];
  }
}

function checkVersion(versions: readonly string[]): NomadFinding {
  const oldest = versions.toSorted((a, b) => compare(numbersOf(a), numbersOf(b)))[0] ?? "";
  const advice = `Upgrade the servers to ${VERSION_ADVISED.join(".")} or newer; docs/operate/nomad.md says what older ones lack.`;
  if (compare(numbersOf(oldest), VERSION_MIN) < 0) return bad("version", `Nomad ${oldest}`, advice);
  if (compare(numbersOf(oldest), VERSION_ADVISED) < 0) return note("version", `Nomad ${oldest}`, advice);
  return ok("version", `Nomad ${oldest}`);
}

async function checkNodes(
  client: NomadClient,
  name: string,
  pool: NomadPool,
  all: readonly NodeStub[],
): Promise<readonly NomadFinding[]> {
  const check = `nodes ${name}`;
  const nodes = all.filter((node) => node.NodePool === pool.nodePool);
  const ready = nodes.filter((node) => node.Status === "ready" && node.SchedulingEligibility === "eligible");
  if (ready.length === 0) {
    const found = `node pool ${pool.nodePool} has ${nodesInWords(nodes.length)}, none ready`;
    return [bad(check, found, "Add clients with this `node_pool`, or make drained ones eligible again.")];
  }
  const { driver } = pool.profile;
  const able = ready.filter((node) => node.Drivers?.[driver]?.Healthy === true);
  if (able.length === 0) {
    const advice = `Look at why the driver is off: \`nomad node status -verbose\` on a client of the pool.`;
    const found = `${ready.length} ready, the driver ${driver} healthy on none`;
    return [bad(check, found, advice), ...checkDriver(name, pool, ready)];
  }
  const found = `${ready.length} of ${nodes.length} ready, ${driver} healthy on ${able.length}`;
  return [
    ok(check, found),
    ...checkDriver(name, pool, ready),
    ...(await checkVolumes(client, name, pool, able)),
  ];
}

async function checkVolumes(
  client: NomadClient,
  name: string,
  pool: NomadPool,
  nodes: readonly NodeStub[],
): Promise<readonly NomadFinding[]> {
  const request = probeRequest(newProbeId(), name);
  if (pool.profile.refusal(request) !== null) return [];
  const facts = {
    configFile: "",
    identityFile: null,
    memoryMegabytes: 1,
    cpuMillis: 1,
    runnerConfig: null,
  };
  const wanted = Object.values(pool.profile.shape(request, facts).volumes).map(({ Source }) => Source);
  const read = nodes.slice(0, NODES_READ_MAX);
  const answers = await Promise.all(
    read.map(({ ID }) => client.call({ method: "GET", path: `/node/${ID}`, answer: NodeAnswer })),
  );
  return wanted.map((volume) => {
    const without = read.filter((_node, at) => answers[at]?.value.HostVolumes?.[volume] === undefined);
    const check = `volume ${name}`;
    if (without.length === 0) return ok(check, `${volume} on ${nodesInWords(read.length)}`);
    const found = `${volume} is missing on ${without.map((node) => node.Name).join(", ")}`;
    const advice = "Add the `host_volume` of delta-client.hcl to these clients and restart their agents.";
    return without.length === read.length ? bad(check, found, advice) : note(check, found, advice);
  });
}

function nodesInWords(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

/** `2.0.5-dev` counts as 2.0.5. */
function numbersOf(version: string): readonly number[] {
  return (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? "0").split(".").map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < 3; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

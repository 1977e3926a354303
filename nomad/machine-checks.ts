import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { AgentSelf, type NodeStub } from "./api-types.ts";
import { hasCapability } from "./acl-rights.ts";
import { NomadClient } from "./client.ts";
import type { NomadConfig, NomadPool } from "./config.ts";
import { bad, note, ok, type NomadFinding } from "./finding.ts";
import { NomadError } from "./nomad-error.ts";
import type { MachineNeeds } from "./task-profile.ts";
import { ACCESS, accessFault, type Account, findAccount } from "./unix-access.ts";

/** Of a processor with neither, kvm helps kernels that were made for it; of others it emulates each instruction. */
const HARDWARE_HELP = /^flags\s*:.* (?:vmx|svm)(?: |$)/m;
const EMULATE = '"accelerator": "tcg"';
const CLIENT_FILE = "delta-machine-client.hcl of `delta nomad setup --machines`";

/** A client of a pool of machines, as it sees itself. */
export interface ClientPlace {
  /** Its own Nomad agent. */
  readonly address: string;
  /** The hardware's help for machines; `/dev/kvm` but in tests. */
  readonly kvmDevice: string;
  /** What Linux says of the processor; `/proc/cpuinfo` but in tests. */
  readonly cpuInfo: string;
}

/** Where Delta CI reads the console of a machine that did not come up. It runs without. */
export async function checkConsoleRight(
  client: NomadClient,
  config: NomadConfig,
): Promise<readonly NomadFinding[]> {
  if (machinePools(config).length === 0) return [];
  const advice = 'Add "read-logs" to the policy, as `delta nomad setup --machines` does.';
  const denied = note("read-logs", "denied: why a machine does not come up stays in its log", advice);
  try {
    const isGranted = await hasCapability(client, config.namespace, "read-logs");
    return [isGranted ? ok("read-logs", "granted") : denied];
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    return [bad("read-logs", error.message, "Look at the servers' logs.")];
  }
}

/** Which clients of the pool could not start a machine, and why Nomad thinks so. */
export function checkDriver(
  name: string,
  pool: NomadPool,
  ready: readonly NodeStub[],
): readonly NomadFinding[] {
  if (pool.profile.machine === null) return [];
  const unable = ready.flatMap((node) => {
    const state = node.Drivers?.[pool.profile.driver];
    if (state?.Healthy === true) return [];
    if (state?.Detected !== true) return [`not detected on ${node.Name}`];
    const why = state.HealthDescription ?? "";
    return [`unhealthy on ${node.Name}${why === "" ? "" : ` (${why})`}`];
  });
  if (unable.length === 0) return [];
  const found = `${pool.profile.driver} is ${unable.join(", ")}`;
  const advice = "Install QEMU there (Debian's package qemu-system-x86) and restart the agent.";
  return [
    unable.length === ready.length
      ? bad(`driver ${name}`, found, advice)
      : note(`driver ${name}`, found, advice),
  ];
}

/** What only a client itself can tell: how its driver is bound, its files, and its hardware. */
export async function checkMachineClient(
  config: NomadConfig,
  tokenFile: string | null,
  place: ClientPlace | null,
): Promise<readonly NomadFinding[]> {
  const pools = machinePools(config);
  if (pools.length === 0) return [];
  if (place === null) {
    const advice = "Run this on a client of the pool with --client http://127.0.0.1:4646.";
    return [note("machines", "a client's driver, images and /dev/kvm are not looked at", advice)];
  }
  const agent = new NomadClient({ ...config, address: place.address, tokenFile });
  try {
    const { value } = await agent.call({ method: "GET", path: "/agent/self", answer: AgentSelf });
    const { Client, Plugins, DataDir } = value.config;
    const nodePool = Client?.NodePool || "default";
    const tasksFolder = Client?.AllocDir || `${DataDir}/alloc`;
    const own = Client?.Enabled === true ? pools.filter(([, pool]) => pool.nodePool === nodePool) : [];
    if (own.length === 0) {
      const found = `${place.address} is no client of a pool of machines`;
      return [
        bad(
          "machines",
          found,
          `Its node pool is ${nodePool}; see \`node_pool\` of the file and of the client.`,
        ),
      ];
    }
    const driver = settingsOf((Plugins ?? []).find(({ Name }) => Name === "qemu")?.Config);
    const findings = own.map(async ([name, { profile }]) => {
      if (profile.machine === null) return [];
      const { needs } = profile.machine;
      return [
        checkImagePaths(name, needs, driver.imagePaths),
        checkArguments(name, needs, driver.argsAllowed),
        ...(await checkAccess(name, needs, tasksFolder, place)),
      ];
    });
    return (await Promise.all(findings)).flat();
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    const advice =
      error.failure === "denied"
        ? 'Name a token that has `agent { policy = "read" }`: --nomad-token-file.'
        : "Name this machine's own Nomad agent.";
    return [bad("machines", error.message, advice)];
  } finally {
    await agent.close();
  }
}

function machinePools({ pools }: NomadConfig): readonly (readonly [string, NomadPool])[] {
  return Object.entries(pools).filter(([, { profile }]) => profile.machine !== null);
}

interface DriverSettings {
  readonly imagePaths: readonly string[];
  readonly argsAllowed: readonly string[];
}

function settingsOf(config: Readonly<Record<string, unknown>> | null | undefined): DriverSettings {
  const list = (name: string): readonly string[] => {
    const value = config?.[name];
    return Array.isArray(value) ? value.map(String) : [];
  };
  return { imagePaths: list("image_paths"), argsAllowed: list("args_allowlist") };
}

/** As the driver itself compares them: a path below another, without following links. */
function checkImagePaths(pool: string, { disks }: MachineNeeds, allowed: readonly string[]): NomadFinding {
  const check = `image_paths ${pool}`;
  const outside = disks.filter((disk) => !allowed.some((path) => !relative(path, disk).startsWith("..")));
  if (outside.length === 0) return ok(check, allowed.join(", "));
  const found = `${outside.join(", ")} ${outside.length === 1 ? "is" : "are"} below none of ${allowed.join(", ") || "no path at all"}`;
  return bad(
    check,
    found,
    `Add the images' folder to the driver's \`image_paths\` as in ${CLIENT_FILE}, and restart the agent.`,
  );
}

function checkArguments(pool: string, { flags }: MachineNeeds, allowed: readonly string[]): NomadFinding {
  const check = `args_allowlist ${pool}`;
  const advice = `Take the list of ${CLIENT_FILE}, and restart the agent.`;
  if (allowed.length === 0)
    return note(check, "QEMU may be given any argument by any job of this client", advice);
  const missing = flags.filter((flag) => !allowed.includes(flag));
  if (missing.length === 0) return ok(check, `${flags.length} arguments`);
  return bad(check, `the driver refuses ${missing.join(" ")}`, advice);
}

async function checkAccess(
  pool: string,
  { disks, files, isKvm, user }: MachineNeeds,
  tasksFolder: string,
  place: ClientPlace,
): Promise<readonly NomadFinding[]> {
  const account = await findAccount(user);
  if (account === null || account.uid === 0) {
    const found =
      account === null ? `there is no user ${user}` : `${user} may run no machine: Nomad denies it`;
    return [bad(`user ${pool}`, found, "Let `user` of the pool's task be an ordinary user of every client.")];
  }
  return [
    await checkFiles(pool, [...disks, ...files], user, account),
    await checkDataFolder(pool, tasksFolder, user, account),
    ...(isKvm ? [await checkKvm(pool, place, user, account)] : []),
  ];
}

async function checkFiles(
  pool: string,
  paths: readonly string[],
  user: string,
  account: Account,
): Promise<NomadFinding> {
  const check = `files ${pool}`;
  const faults = await Promise.all(paths.map((path) => accessFault(path, account, ACCESS.read)));
  const wrong = paths.flatMap((path, at) => (faults[at] === null ? [] : [`${path} ${faults[at]}`]));
  if (wrong.length === 0) return ok(check, `images and runner, for ${user}`);
  const advice = `Make them with \`delta nomad runner --disk\` and \`delta nomad image\`, where ${user} may read them.`;
  return bad(check, wrong.join("; "), advice);
}

async function checkDataFolder(
  pool: string,
  tasksFolder: string,
  user: string,
  account: Account,
): Promise<NomadFinding> {
  const check = `data_dir ${pool}`;
  const fault = await accessFault(tasksFolder, account, ACCESS.pass);
  if (fault === null) return ok(check, `${tasksFolder}, for ${user}`);
  const advice = "Let that user pass each folder on the way, as `chmod 0711` does for Nomad's data folder.";
  return bad(check, `${tasksFolder} ${fault}`, advice);
}

async function checkKvm(
  pool: string,
  { kvmDevice: device, cpuInfo }: ClientPlace,
  user: string,
  account: Account,
): Promise<NomadFinding> {
  const check = `kvm ${pool}`;
  const fault = await accessFault(device, account, ACCESS.readWrite);
  if (fault === null) {
    if (HARDWARE_HELP.test(await readFile(cpuInfo, "utf8"))) return ok(check, `${device}, for ${user}`);
    const found = `${device}, for ${user}, but the processor has neither vmx nor svm`;
    return note(
      check,
      found,
      `Try one job: if its machine does not come up, let the pool emulate: ${EMULATE}.`,
    );
  }
  const advice =
    fault === "is not there"
      ? `Switch on virtualization in this machine's firmware or its cloud, or let the pool emulate: ${EMULATE}.`
      : `Let \`user\` of the pool's task be a user of the group that ${device} belongs to.`;
  return bad(check, `the pool wants kvm, and ${device} ${fault}`, advice);
}

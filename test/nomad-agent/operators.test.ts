import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { CLIENT_DEFAULTS, diagnoseNomad, type NomadFinding, startDevAgent } from "../../nomad/index.ts";
import { applySetup } from "../../nomad/apply-setup.ts";
import type { SetupOptions } from "../../nomad/setup-options.ts";
import { NAMESPACE_CAPABILITIES, policyText, setupFiles } from "../../nomad/setup.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { hasEnded, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { grantToken, manage } from "../support/nomad/operator.ts";
import { containerProfile, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { findNomadBinary } from "./binary.ts";
import { missingPart } from "./parts.ts";

const PROFILE = containerProfile();

describe.runIf(missingPart("agent") === null)("what operators are given, on a real agent with ACLs", () => {
  let agent: NomadAgent;
  let folder: string;
  let management: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "delta-operators-"));
    agent = await startNomadAgent({
      acl: true,
      hostVolumes: { "delta-runner": { path: folder, readOnly: true } },
    });
    management = join(folder, "management.token");
    await writeFile(management, agent.managementToken ?? "", { mode: 0o600 });
  });
  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true });
  });

  async function diagnoseWith(name: string, rules: string): Promise<readonly NomadFinding[]> {
    const tokenFile = await grantToken(agent, folder, name, rules);
    const config = nomadConfig(agent.address, { tokenFile, pools: { default: poolOf(PROFILE) } });
    return await diagnoseNomad(config, { relaySocket: null, nodeTokenFile: null, client: null });
  }

  const badOf = (findings: readonly NomadFinding[]) =>
    findings.filter(({ state }) => state === "bad").map(({ check, found }) => `${check}: ${found}`);

  test("the doctor is content with the policy of setup, and registers nothing", async () => {
    const findings = await diagnoseWith("all", policyText("default", "delta-runner", NAMESPACE_CAPABILITIES));
    expect(badOf(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["reachable", "clock", "list-jobs", "read-job", "deregister-job", "nodes"]),
    );
    expect(await manage(agent, "/jobs?prefix=delta-")).toEqual([]);
  });

  test.each([
    ["list-jobs", "list-jobs: denied"],
    ["read-job", "read-job: denied"],
    ["deregister-job", "deregister-job: denied"],
    ["register-job", "pool default: register-job is denied"],
  ])("without %s the doctor names it, and it alone", async (capability, finding) => {
    const rest = NAMESPACE_CAPABILITIES.filter((one) => one !== capability);
    const findings = await diagnoseWith(`no-${capability}`, policyText("default", "delta-runner", rest));
    expect(badOf(findings)).toEqual([finding]);
  });

  test("without the volume's right the doctor names the volume", async () => {
    const findings = await diagnoseWith("no-volume", policyText("default", "other", NAMESPACE_CAPABILITIES));
    expect(badOf(findings)).toEqual(["pool default: mounting the runner's host volume is denied"]);
  });

  test("with a token that may read nodes the doctor sees a driver that is missing", async () => {
    const config = nomadConfig(agent.address, { tokenFile: management, pools: { default: poolOf(PROFILE) } });
    const findings = await diagnoseNomad(config, {
      relaySocket: null,
      nodeTokenFile: management,
      client: null,
    });
    expect(badOf(findings)).toEqual(["nodes default: 1 ready, the driver docker healthy on none"]);
    expect(findings.find(({ check }) => check === "version")?.found).toMatch(/^Nomad \d+\.\d+\.\d+/);
  });

  test("each file of setup goes into the cluster by the line beside it, and a token is made as the guide says", async () => {
    const { path } = await findNomadBinary();
    const env = { NOMAD_ADDR: agent.address, NOMAD_TOKEN: agent.managementToken ?? "", HOME: folder };
    const nomad = async (...args: string[]) =>
      (await promisify(execFile)(path ?? "", args, { cwd: folder, env })).stdout;
    for (const { name, text, use } of setupFiles(SETUP)) {
      await writeFile(join(folder, name), text);
      const [program, ...args] = use.split(" ");
      if (program === "nomad") await nomad(...args);
    }
    expect(await manage(agent, "/namespace/by-hand")).toMatchObject({
      Capabilities: { EnabledTaskDrivers: ["docker"] },
    });
    expect(await manage(agent, "/node/pool/by-hand")).toMatchObject({ Name: "by-hand" });
    expect(await manage(agent, "/job/delta-main-relay")).toMatchObject({
      Type: "system",
      NodePool: "by-hand",
    });
    const base = `data_dir = "${folder}/data"\nclient {\n  enabled = true\n}\n`;
    await writeFile(join(folder, "base.hcl"), base);
    expect(await nomad("config", "validate", "base.hcl", "delta-client.hcl")).toContain("valid");

    const guide = await readFile(join(import.meta.dirname, "../../docs/operate/nomad.md"), "utf8");
    const line = /nomad (acl token create .*) >/.exec(guide)?.[1] ?? "";
    const words = line.split(" ").map((word) => word.replaceAll("'", ""));
    const secret = (await nomad(...words)).trim();
    expect(secret).toMatch(/^[0-9a-f-]{36}$/);
    const headers = { "x-nomad-token": secret };
    const self = await fetch(`${agent.address}/v1/acl/token/self`, { headers });
    expect(await self.json()).toMatchObject({ Type: "client", Policies: ["delta"] });
  });

  test("setup writes policy, namespace and node pool to the cluster, again and again", async () => {
    const client = { ...CLIENT_DEFAULTS, address: agent.address, tokenFile: management };
    const options = {
      namespace: "ci",
      installation: "main",
      nodePool: "ci-containers",
      runnerVolume: "delta-runner",
      runnerFolder: "/opt/delta",
      controlPlane: "https://ci.example",
      ownAuthority: false,
      machines: null,
      relay: { kind: "systemd" as const },
    };
    const applied = await applySetup(client, options);
    expect(applied.map(({ outcome }) => outcome)).toEqual(["applied", "applied", "applied"]);
    expect(await applySetup(client, options)).toEqual(applied);
    expect(await manage(agent, "/namespace/ci")).toMatchObject({
      Capabilities: { EnabledTaskDrivers: ["docker"], EnabledNetworkModes: ["none"] },
    });
    expect(await manage(agent, "/node/pool/ci-containers")).toMatchObject({ Name: "ci-containers" });
    expect(await manage(agent, "/acl/policy/delta")).toMatchObject({
      Rules: policyText("ci", "delta-runner", NAMESPACE_CAPABILITIES),
    });
    const withRelay = { ...options, relay: { kind: "nomad" as const, image: "registry.example/any:1" } };
    expect(await applySetup(client, withRelay)).toEqual([
      ...applied,
      { part: "relay job", name: "delta-main-relay", outcome: "applied" },
    ]);
    expect(await manage(agent, "/job/delta-main-relay")).toMatchObject({
      Type: "system",
      NodePool: "ci-containers",
    });
    const denied = applySetup({ ...client, tokenFile: null }, options);
    await expect(denied).rejects.toMatchObject({ failure: "denied" });
  });
});

/** The fields that `delta nomad setup` fills in, for a cluster with the relay as a job. */
const SETUP: SetupOptions = {
  namespace: "by-hand",
  installation: "main",
  nodePool: "by-hand",
  runnerVolume: "delta-runner",
  runnerFolder: "/opt/delta",
  controlPlane: "https://ci.example",
  ownAuthority: true,
  machines: null,
  relay: { kind: "nomad", image: "registry.example/any:1" },
};

describe.runIf(missingPart("agent") === null)("a throw-away agent", () => {
  test("runs a pipeline, and leaves nothing", { timeout: 240_000 }, async () => {
    const { path } = await findNomadBinary();
    const launcher = join(import.meta.dirname, "../../runner/delta-runner.js");
    const agent = await startDevAgent({ nomad: path ?? "", runner: [process.execPath, launcher, "run"] });
    onTestFinished(async () => void (await agent.stop()));
    const logTail = async () => "";
    const { pools, installation } = JSON.parse(await readFile(agent.configFile, "utf8"));
    const world = await startPlaneOnNomad(
      { address: agent.address, logTail },
      { installation, pool: pools.default },
    );
    onTestFinished(() => world.stop());
    const repository = makeSourceRepository({
      ".delta/pipeline.yaml": "version: 1\nname: shop\njobs:\n  a: { steps: [cat hello.txt] }\n",
      "hello.txt": "hello\n",
    });
    onTestFinished(() => repository.remove());
    const { id } = await world.runAll(repository);
    const run = await world.untilRun(id, "the run to end", hasEnded);
    expect(run.state).toBe("succeeded");
    expect(await agent.stop()).toBeNull();
    await agent.ended;
    await expect(fetch(`${agent.address}/v1/status/leader`)).rejects.toThrow("fetch failed");
    await expect(access(agent.configFile)).rejects.toThrow("ENOENT");
  });

  test("that cannot start says why", async () => {
    const starting = startDevAgent({ nomad: "/nowhere/nomad", runner: ["/bin/true"] });
    await expect(starting).rejects.toThrow(/\/nowhere\/nomad did not come up: .*ENOENT/);
  });
});

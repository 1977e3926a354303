import { describe, expect, test } from "vitest";
import { readNomadConfig } from "../../nomad/read-config.ts";
import { dispatchRequest } from "../support/nomad/requests.ts";

const resources = { cpu_millis: 500, memory_mb: 512, disk_mb: 1_024 };
const docker = { driver: "docker", default_image: "registry.example/ci:1" };
const file = {
  version: 1,
  address: "https://nomad.example:4646",
  pools: { default: { task: docker, resources, resources_max: resources } },
};

const read = (changes: object = {}) =>
  readNomadConfig("nomad.json", JSON.stringify({ ...file, ...changes }), null);

describe("the operators' file", () => {
  test("needs an address and a pool; all else has a default, the safe one", () => {
    const { config, issuer } = read();
    expect(config).toMatchObject({
      namespace: "default",
      installation: "main",
      claimProof: "workload_identity",
      tokenFile: null,
    });
    expect(issuer).toBeNull();
    const pool = config.pools["default"];
    const facts = {
      configFile: "/c",
      identityFile: "/i",
      memoryMegabytes: 512,
      cpuMillis: 500,
      runnerConfig: null,
    };
    const shape = pool?.profile.shape(dispatchRequest("default"), facts);
    expect(shape?.config).toMatchObject({ network_mode: "none", cap_drop: ["all"], readonly_rootfs: true });
    expect(shape?.config).not.toHaveProperty("cap_add");
  });

  test("a network and capabilities reach trusted work alone", () => {
    const task = { ...docker, network: "ci-egress", capabilities: ["chown"] };
    const { config } = read({ pools: { default: { task, resources, resources_max: resources } } });
    const shapeFor = (trust: "trusted" | "fork") =>
      config.pools["default"]?.profile.shape(
        { ...dispatchRequest("default"), trust },
        {
          configFile: "/c",
          identityFile: null,
          memoryMegabytes: 1,
          cpuMillis: 1,
          runnerConfig: null,
        },
      ).config;
    expect(shapeFor("trusted")).toMatchObject({ network_mode: "ci-egress", cap_add: ["chown"] });
    expect(shapeFor("fork")).toMatchObject({ network_mode: "none" });
    expect(shapeFor("fork")).not.toHaveProperty("cap_add");
  });

  test("a job that asks for no egress has no network, also in a pool that grants one", () => {
    const task = { ...docker, network: "ci-egress" };
    const { config } = read({ pools: { default: { task, resources, resources_max: resources } } });
    const request = dispatchRequest("default");
    const job = { ...request.job, network: { egress: "none" } };
    const facts = {
      configFile: "/c",
      identityFile: null,
      memoryMegabytes: 1,
      cpuMillis: 1,
      runnerConfig: null,
    };
    const shape = config.pools["default"]?.profile.shape({ ...request, job }, facts);
    expect(shape?.config).toMatchObject({ network_mode: "none" });
  });

  test.each<readonly [string, object, RegExp]>([
    ["an unknown key", { adress: "x" }, /nomad\.json: /],
    [
      "an unknown driver",
      { pools: { default: { ...file.pools.default, task: { driver: "exec" } } } },
      /\/pools\/default/,
    ],
    ["a pool name with capitals", { pools: { Big: file.pools.default } }, /pools/],
    ["no pool", { pools: {} }, /at least one pool/],
    [
      "a capability that would reveal the lease",
      {
        pools: { default: { ...file.pools.default, task: { ...docker, capabilities: ["CAP_SYS_PTRACE"] } } },
      },
      /\/pools\/default\/task\/capabilities: steps with CAP_SYS_PTRACE could read the runner's lease/,
    ],
    ["another version", { version: 2 }, /\/version/],
    ["TLS files over plain http", { address: "http://x", tls: { ca_file: "/ca" } }, /plain http/],
  ])("%s is refused, naming file and place", (_what, changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  test("text that is not JSON is refused, naming the file", () => {
    expect(() => readNomadConfig("nomad.json", "{", null)).toThrow(/^nomad\.json is not JSON/);
  });
});

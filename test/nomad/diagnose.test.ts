import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { diagnoseNomad, type DiagnoseOptions } from "../../nomad/diagnose.ts";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { type Fault, startFaultProxy } from "../support/nomad/fault-proxy.ts";
import { containerProfile, nomadConfig, poolOf } from "../support/nomad/requests.ts";

const DIGEST = `registry.example/base@sha256:${"a".repeat(64)}`;

interface Situation {
  /** What goes wrong with the calls that match. */
  readonly faults?: readonly (readonly [RegExp, Fault])[];
  readonly image?: string;
  readonly tokenFile?: string;
  readonly options?: Partial<DiagnoseOptions>;
}

/** The findings by their check. */
async function diagnose({ faults = [], image = DIGEST, tokenFile, options }: Situation) {
  const fake = await startFakeNomad();
  const proxy = await startFaultProxy(fake.address);
  onTestFinished(async () => {
    await proxy.close();
    await fake.close();
  });
  for (const [call, fault] of faults) proxy.inject(call, fault, 100);
  const pools = { default: poolOf(containerProfile(image)) };
  const config = nomadConfig(proxy.address, { pools, tokenFile: tokenFile ?? null });
  const findings = await diagnoseNomad(config, {
    relaySocket: null,
    nodeTokenFile: null,
    client: null,
    ...options,
  });
  return new Map(findings.map((finding) => [finding.check, finding]));
}

const rewritten = (from: RegExp, to: string): Fault => ({
  kind: "rewrite",
  change: (text) => text.replaceAll(from, to),
});

test("a cluster that has everything gets one line for each thing, and no advice but the relay's", async () => {
  const findings = await diagnose({});
  expect([...findings.values()].filter(({ state }) => state !== "ok").map(({ check }) => check)).toEqual([
    "relay",
  ]);
  expect([...findings.keys()]).toEqual([
    "reachable",
    "clock",
    "list-jobs",
    "read-job",
    "deregister-job",
    "pool default",
    "image default",
    "version",
    "nodes default",
    "volume default",
    "relay",
  ]);
});

const MEMBERS = /^GET \/v1\/agent\/members$/;
const NODES = /^GET \/v1\/nodes$/;
const LEADER = /^GET \/v1\/status\/leader$/;
const inSeconds = (seconds: number): Fault => ({
  kind: "answer",
  status: 200,
  body: '"127.0.0.1:4647"',
  headers: { date: new Date(Date.now() + seconds * 1_000).toUTCString() },
});

test.each<readonly [string, string, "bad" | "note", RegExp, Situation]>([
  [
    "clock",
    "a clock that is behind",
    "bad",
    /^(5[6-9]|6[0-4])\d s behind Nomad's$/,
    { faults: [[LEADER, inSeconds(600)]] },
  ],
  [
    "clock",
    "a clock that is ahead",
    "bad",
    /^(5[6-9]|6[0-4])\d s ahead of Nomad's$/,
    { faults: [[LEADER, inSeconds(-600)]] },
  ],
  [
    "reachable",
    "no leader",
    "bad",
    /answers, but the cluster has no leader$/,
    { faults: [[LEADER, { kind: "answer", status: 200, body: '""' }]] },
  ],
  ["reachable", "nobody there", "bad", /status\/leader/, { faults: [[LEADER, { kind: "drop" }]] }],
  [
    "reachable",
    "no token file",
    "bad",
    /the token file \/nowhere\/token is not there/,
    { tokenFile: "/nowhere/token" },
  ],
  [
    "version",
    "an unknown release",
    "bad",
    /^Nomad 1\.10\.4$/,
    { faults: [[MEMBERS, rewritten(/2\.0\.5/g, "1.10.4")]] },
  ],
  [
    "version",
    "an old one",
    "note",
    /^Nomad 1\.11\.3$/,
    { faults: [[MEMBERS, rewritten(/2\.0\.5/g, "1.11.3")]] },
  ],
  [
    "nodes default",
    "no node that is ready",
    "bad",
    /^node pool default has 1 node, none ready$/,
    { faults: [[NODES, rewritten(/"ready"/g, '"down"')]] },
  ],
  [
    "nodes default",
    "a driver that is off",
    "bad",
    /^1 ready, the driver docker healthy on none$/,
    { faults: [[NODES, rewritten(/"Healthy":true/g, '"Healthy":false')]] },
  ],
  [
    "nodes",
    "no right to read nodes",
    "note",
    /cannot be read$/,
    { faults: [[NODES, { kind: "answer", status: 403, body: "Permission denied" }]] },
  ],
  [
    "volume default",
    "no volume",
    "bad",
    /^delta-runner is missing on /,
    { faults: [[/^GET \/v1\/node\/n1$/, rewritten(/delta-runner/g, "other")]] },
  ],
  [
    "image default",
    "an image by its tag",
    "note",
    /^registry\.example\/base:1$/,
    { image: "registry.example/base:1" },
  ],
])("%s: %s is told with what to do", async (check, _what, state, found, situation) => {
  const finding = (await diagnose(situation)).get(check);
  expect(finding).toMatchObject({ state, found: expect.stringMatching(found) });
  expect(finding?.advice).toMatch(/\.$/);
});

describe("on a client, through its relay", () => {
  const socket = async (status: number | null): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "delta-doctor-"));
    const path = join(folder, "control.sock");
    const server = createServer((_request, response) => void response.writeHead(status ?? 0).end("{}"));
    if (status === null) await writeFile(path, "");
    else await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    return path;
  };

  test.each<readonly [string, number | null, "ok" | "bad", RegExp]>([
    ["that leads to a control plane", 200, "ok", /leads to a control plane$/],
    ["that leads elsewhere", 404, "bad", /leads to something that answers 404$/],
    ["that nobody serves", null, "bad", /control\.sock: /],
  ])("one %s", async (_what, status, state, found) => {
    const relaySocket = await socket(status);
    const finding = (await diagnose({ options: { relaySocket } })).get("relay");
    expect(finding).toMatchObject({ state, found: expect.stringMatching(found) });
    expect(finding?.advice === null).toBe(state === "ok");
  });
});

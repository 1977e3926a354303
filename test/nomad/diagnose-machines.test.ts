import { chmod, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { QEMU_FLAGS } from "../../nomad/profiles/qemu.ts";
import { diagnoseMachines, rewritten, type Situation } from "../support/nomad/machine-doctor.ts";

const isNotOk = ({ state }: { readonly state: string }) => state !== "ok";

test("a client that has everything gets one line for each thing, and no advice but the relay's", async () => {
  const found = await diagnoseMachines({});
  expect([...found.values()].filter(isNotOk).map(({ check }) => check)).toEqual(["relay"]);
  expect([...found.keys()]).toEqual(
    expect.arrayContaining([
      "read-logs",
      "nodes machines",
      "image_paths machines",
      "args_allowlist machines",
      "files machines",
      "data_dir machines",
      "kvm machines",
    ]),
  );
});

test("a pool that emulates wants nothing of the hardware", async () => {
  const found = await diagnoseMachines({
    task: { accelerator: "tcg" },
    spoil: async ({ at }) => await rm(at("kvm")),
  });
  expect(found.has("kvm machines")).toBe(false);
  expect([...found.values()].filter(isNotOk).map(({ check }) => check)).toEqual(["relay"]);
});

const NODES = /^GET \/v1\/nodes$/;
test.each<readonly [string, string, "bad" | "note", RegExp, Situation]>([
  [
    "driver machines",
    "a driver that the client does not have",
    "bad",
    /^qemu is not detected on node-1$/,
    { faults: [[NODES, rewritten(/"qemu":/g, '"other":')]] },
  ],
  [
    "driver machines",
    "QEMU that is not installed",
    "bad",
    /^qemu is not detected on node-1$/,
    { faults: [[NODES, rewritten(/"Detected":true,"Healthy":true/g, '"Detected":false,"Healthy":false')]] },
  ],
  [
    "driver machines",
    "a driver that is ill",
    "bad",
    /^qemu is unhealthy on node-1 \(it coughs\)$/,
    {
      faults: [
        [
          NODES,
          rewritten(
            /"Healthy":true,"HealthDescription":"Healthy"/g,
            '"Healthy":false,"HealthDescription":"it coughs"',
          ),
        ],
      ],
    },
  ],
  [
    "driver machines",
    "one client of two without QEMU",
    "note",
    /^qemu is not detected on node-2$/,
    {
      faults: [
        [
          NODES,
          {
            kind: "rewrite",
            change: (text) => {
              const [node] = JSON.parse(text) as { ID: string; Name: string; Drivers: object }[];
              return JSON.stringify([node, { ...node, ID: "n2", Name: "node-2", Drivers: null }]);
            },
          },
        ],
      ],
    },
  ],
  [
    "image_paths machines",
    "no image path",
    "bad",
    /disk\.qcow2 is below none of no path at all$/,
    { driver: null },
  ],
  [
    "image_paths machines",
    "a neighbour of an image path",
    "bad",
    /disk\.qcow2 is below none of \/somewhere$/,
    { driver: { image_paths: ["/somewhere"] } },
  ],
  [
    "args_allowlist machines",
    "arguments that are refused",
    "bad",
    /^the driver refuses -sandbox -fw_cfg$/,
    { driver: { args_allowlist: QEMU_FLAGS.filter((flag) => !/sandbox|fw_cfg/.test(flag)) } },
  ],
  [
    "args_allowlist machines",
    "no list of arguments",
    "note",
    /any argument/,
    { driver: { args_allowlist: undefined } },
  ],
  [
    "files machines",
    "an image that is absent",
    "bad",
    /debian-12\/disk\.qcow2 is not there$/,
    { spoil: async ({ at }) => await rm(at("images/debian-12/disk.qcow2")) },
  ],
  [
    "files machines",
    "no folder of images",
    "bad",
    /disk\.qcow2 is not there; .*vmlinuz is not there; .*initrd\.img is not there$/,
    { spoil: async ({ at }) => await rm(at("images"), { recursive: true }) },
  ],
  [
    "files machines",
    "no disk of the runner",
    "bad",
    /delta-runner\.img is not there$/,
    { spoil: async ({ at }) => await rm(at("delta/delta-runner.img")) },
  ],
  [
    "files machines",
    "a kernel that root alone may read",
    "bad",
    /vmlinuz may not be opened by that user$/,
    { spoil: async ({ at }) => await chmod(at("images/debian-12/vmlinuz"), 0o600) },
  ],
  [
    "files machines",
    "a folder that root alone may pass",
    "bad",
    /initrd\.img is below \S+\/images, which that user may not pass$/,
    { spoil: async ({ at }) => await chmod(at("images"), 0o700) },
  ],
  [
    "data_dir machines",
    "a data folder that root alone may pass",
    "bad",
    /data\/alloc is below \S+\/data, which that user may not pass$/,
    { spoil: async ({ at }) => await chmod(at("data"), 0o700) },
  ],
  [
    "kvm machines",
    "a client without kvm",
    "bad",
    /^the pool wants kvm, and \S+\/kvm is not there$/,
    { spoil: async ({ at }) => await rm(at("kvm")) },
  ],
  [
    "kvm machines",
    "kvm for others alone",
    "bad",
    /^the pool wants kvm, and \S+\/kvm may not be opened by that user$/,
    { spoil: async ({ at }) => await chmod(at("kvm"), 0o660) },
  ],
  [
    "kvm machines",
    "kvm without the processor's help",
    "note",
    /^\S+\/kvm, for nobody, but the processor has neither vmx nor svm$/,
    {
      spoil: async ({ at }) => await writeFile(at("cpuinfo"), "flags\t\t: fpu sse svmx\nvmx flags\t: ept\n"),
    },
  ],
  [
    "user machines",
    "an unknown user",
    "bad",
    /^there is no user nobody-here$/,
    { task: { user: "nobody-here" } },
  ],
  ["user machines", "root", "bad", /^root may run no machine/, { task: { user: "root" } }],
  [
    "machines",
    "a client of another pool",
    "bad",
    /is no client of a pool of machines$/,
    { agent: { Client: { Enabled: true, NodePool: "ci-containers" } } },
  ],
  [
    "machines",
    "a server",
    "bad",
    /is no client of a pool of machines$/,
    { agent: { Client: { Enabled: false } } },
  ],
  [
    "machines",
    "no right to read the agent",
    "bad",
    /agent\/self.*Permission denied/,
    { faults: [[/^GET \/v1\/agent\/self$/, { kind: "answer", status: 403, body: "Permission denied" }]] },
  ],
  ["machines", "another place than a client", "note", /not looked at$/, { isElsewhere: true }],
])("%s: %s is told with what to do", async (check, _what, state, pattern, situation) => {
  const finding = (await diagnoseMachines(situation)).get(check);
  expect(finding).toMatchObject({ state, found: expect.stringMatching(pattern) });
  expect(finding?.advice).toMatch(/\S/);
});

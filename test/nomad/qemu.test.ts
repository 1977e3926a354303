import { describe, expect, test } from "vitest";
import { buildJobBody } from "../../nomad/job-body.ts";
import type { RegisterRequest } from "../../nomad/job-types.ts";
import { QEMU_FLAGS } from "../../nomad/profiles/qemu.ts";
import { readNomadConfig } from "../../nomad/read-config.ts";
import type { RunnerConfig } from "../../schemas/runner-config.ts";
import { dispatchRequest } from "../support/nomad/requests.ts";

const image = { disk: "/vm/disk.qcow2", kernel: "/vm/vmlinuz", initrd: "/vm/initrd.img" };
const task = { driver: "qemu", images: { "debian-12": image }, default_image: "debian-12" };
const resources = { cpu_millis: 1_500, memory_mb: 1_024, disk_mb: 1_024 };

function read(changes: object = {}, rest: object = {}) {
  const pool = {
    task: { ...task, ...changes },
    resources,
    resources_max: { ...resources, memory_mb: 2_048 },
  };
  const file = { version: 1, address: "http://127.0.0.1:4646", pools: { default: pool }, ...rest };
  return readNomadConfig("nomad.json", JSON.stringify(file), null).config;
}

type Job = Partial<ReturnType<typeof dispatchRequest>["job"]>;

function bodyOf(changes: object = {}, job: Job = {}) {
  const request = dispatchRequest("default");
  return buildJobBody(read(changes), { ...request, job: { ...request.job, ...job } });
}

function taskOf(changes: object = {}, job: Job = {}) {
  const body = bodyOf(changes, job);
  if (!body.ok) throw new Error(body.refusal);
  const [group] = (JSON.parse(body.text) as RegisterRequest).Job.TaskGroups;
  const made = group?.Tasks[0];
  if (made === undefined) throw new Error("the job has no task");
  return { text: body.text, made, args: made.Config["args"] as readonly string[] };
}

const after = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1];
const runnerOf = (isolation: "vm" | "container" | "process") => ({
  runner: { ...dispatchRequest("default").job.runner, isolation },
});

describe("a pool of machines", () => {
  test("has a machine without leftovers, a way out but the relay, or a second life", () => {
    const { made, args } = taskOf();
    expect(args).toEqual(expect.arrayContaining(["-snapshot", "-no-reboot", "-nodefaults"]));
    expect(args.join("\n")).toMatch(
      /^user,id=relay,restrict=on,ipv6=off,guestfwd=tcp:10\.0\.2\.100:80-cmd:/m,
    );
    expect(args.filter((one) => /hostfwd|bridge|tap/.test(one))).toEqual([]);
    expect(args.join("\n")).toMatch(/readonly=on,file=\/opt\/delta\/delta-runner\.img$/m);
    expect(made).toMatchObject({ User: "nobody", Config: { graceful_shutdown: true, accelerator: "kvm" } });
  });

  test("gives the machine what the job asks for, and QEMU its own on top", () => {
    const wish = { cpu_millis: 1_500, memory_bytes: 2 ** 30, disk_bytes: null, pids: 64 };
    const { made, args } = taskOf({ memory_overhead_mb: 200 }, { resources: wish });
    expect(after(args, "-m")).toBe("1024M");
    expect(after(args, "-smp")).toBe("2");
    expect(made.Resources.MemoryMB).toBe(1_224);
    expect(args).toContain("name=opt/delta/pids,string=64");
  });

  test("tells the machine its start, and no secret to whoever lists processes", () => {
    const { text, made, args } = taskOf();
    const told = args.find((one) => one.startsWith("name=opt/delta/runner.json,string="));
    const config = JSON.parse((told ?? "").replace(/^.*?string=/, "").replaceAll(",,", ",")) as RunnerConfig;
    expect(config).toMatchObject({
      control_plane: "http://10.0.2.100:80",
      proof: { kind: "nomad_identity_file", file: "/run/delta/told/identity" },
      step_user: { uid: 1_000, gid: 1_000 },
      step_group: "/sys/fs/cgroup/delta/job",
    });
    expect(args).toContain("name=opt/delta/identity,file=${NOMAD_SECRETS_DIR}/nomad_delta.jwt");
    expect(made.Templates).toBeUndefined();
    expect(text).not.toContain(dispatchRequest("default").claimToken);
  });

  test("uses no argument that the driver's list for operators does not have", () => {
    const flags = taskOf({ accelerator: "kvm" }).args.filter((one) => one.startsWith("-"));
    expect(new Set(flags)).toEqual(new Set(QEMU_FLAGS));
  });

  test("boots an image of its catalogue, by name alone", () => {
    expect(taskOf({}, { image: "debian-12" }).made.Config["image_path"]).toBe("/vm/disk.qcow2");
    for (const name of ["/vm/disk.qcow2", "constructor", "debian-13"]) {
      expect(bodyOf({}, { image: name })).toMatchObject({
        ok: false,
        refusal: `the pool has no machine image "${name}"; its images are debian-12`,
      });
    }
  });

  test("gives machines to jobs that ask for one or for nothing, and refuses other isolation", () => {
    expect(bodyOf({}, runnerOf("vm"))).toMatchObject({ ok: true });
    expect(bodyOf({}, runnerOf("container"))).toMatchObject({ ok: false, refusal: /gives machines/ });
  });
});

describe("the operators' file for machines", () => {
  test.each<readonly [string, object, RegExp]>([
    ["no image", { images: {} }, /^nomad\.json: \/pools\/default\/task\/images: /],
    ["a default that is not there", { default_image: "x" }, /task\/default_image: there is no image "x"/],
    ["a path with a comma", { runner_disk: "/a,b" }, /\/pools\/default\/task\/runner_disk: /],
    ["a relative path", { images: { a: { ...image, kernel: "vmlinuz" } } }, /\/task\/images\/a\/kernel: /],
    ["a boot longer than a claim may take", { boot_timeout_s: 200 }, /task\/boot_timeout_s: /],
    ["an unknown key", { networks: "all" }, /task\/networks: is not a known key/],
    ["another accelerator", { accelerator: "xen" }, /task\/accelerator: /],
  ])("%s is refused, naming file and place", (_what, changes, message) => {
    expect(() => read(changes)).toThrow(message);
  });

  test("a claim token is refused: QEMU's arguments would show it", () => {
    expect(() => read({}, { claim_proof: "claim_token" })).toThrow(/claim_proof: pool "default"/);
  });
});

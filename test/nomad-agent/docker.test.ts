import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { type DockerProfile, dockerProfile } from "../../nomad/profiles/docker.ts";
import { runnerCommand } from "../../nomad/runner-folder.ts";
import { startRelay } from "../../runner/relay.ts";
import { RUNNER_VERSION } from "../../runner/version.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { ControlPlaneStandIn, type StandInOptions } from "../support/control-plane-stand-in.ts";
import { makeDispatchRequest, makePlanJob } from "../support/dispatch-request.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { untilGone, untilObserved } from "../support/nomad/cluster.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { docker, importEmpty } from "../support/nomad/docker-engine.ts";
import { nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { buildTestRunnerFolder } from "../support/nomad/runner-folder.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const IMAGE = "delta-test-debian:1";

type Steps = StandInOptions["steps"];

const hardened: DockerProfile = {
  images: { defaultImage: IMAGE, allowed: [], requireDigest: false },
  runnerVolume: "delta-runner",
  network: { trusted: "none", fork: "none" },
  capabilities: [],
  runtime: null,
  pidsLimit: 128,
  temporaryMegabytes: 16,
  user: "0",
  seccompFile: null,
};

describe.runIf(missingPart("docker") === null)("in a hardened container without a network", () => {
  let agent: NomadAgent;
  let runnerFolder: string;
  beforeAll(async () => {
    runnerFolder = await mkdtemp(join(tmpdir(), "delta-folder-"));
    await buildTestRunnerFolder(runnerFolder);
    agent = await startNomadAgent({
      docker: true,
      hostVolumes: { "delta-runner": { path: runnerFolder, readOnly: true } },
    });
    await importDebian(agent.folder, "delta-test-debian");
  }, 300_000);
  afterAll(async () => {
    await agent?.stop();
    await rm(runnerFolder, { recursive: true, force: true });
  });
  const cluster = () => ({
    address: agent.address,
    memoryMegabytes: 4_096,
    stubborn: poolOf(dockerProfile(hardened)),
    collectGarbage: () => Promise.resolve(),
    context: () => agent.logTail(),
  });

  const carryOut = async (steps: Steps | ((plane: ControlPlaneStandIn) => Steps)) => {
    const repository = makeSourceRepository({ "hello.txt": "from the mirror\n" });
    const options = { repository, steps: [] as Steps };
    const plane = await ControlPlaneStandIn.start(options);
    options.steps = typeof steps === "function" ? steps(plane) : steps;
    const relay = await startRelay({
      socketPath: join(runnerFolder, "control.sock"),
      controlPlane: new URL(plane.url),
      ca: null,
      connectionsMax: 64,
      idleMs: 60_000,
      connectMs: 5_000,
    });
    const dispatcher = new NomadDispatcher(
      nomadConfig(agent.address, { pools: { default: poolOf(dockerProfile(hardened)) } }),
    );
    const resources = {
      cpu_millis: 500,
      memory_bytes: 256 * 1024 * 1024,
      disk_bytes: null,
      pids: 64,
    };
    const request = makeDispatchRequest({
      attemptId: plane.attemptId as AttemptId,
      claimToken: plane.claimToken,
      controlPlaneUrl: "http://192.0.2.1:9",
      trust: "fork",
      job: makePlanJob({ resources }),
    });
    onTestFinished(async () => {
      await untilGone(cluster(), dispatcher, request.attemptId);
      await dispatcher.close();
      await relay.close();
      await plane.stopListening();
      repository.remove();
    });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    return { plane, dispatcher, request };
  };

  const finished = async (steps: Parameters<typeof carryOut>[0]) => {
    const { plane, dispatcher, request } = await carryOut(steps);
    await plane
      .until(() => plane.count("complete") === 1, 50_000)
      .catch(async (error: unknown) => {
        throw new Error(await agent.logTail(), { cause: error });
      });
    expect(plane.violations).toEqual([]);
    const seen = await untilObserved(
      cluster(),
      dispatcher,
      request.attemptId,
      (one) => one.state === "exited",
    );
    return { plane, seen, report: plane.calls.find((call) => call.name === "complete")?.body };
  };

  test("an attempt is carried out from claim to report through the relay alone", async () => {
    const { plane, seen, report } = await finished([
      { name: "read", run: "cat hello.txt; ls /sys/class/net" },
    ]);
    expect(report).toMatchObject({ outcome: "succeeded", reason: "ok" });
    expect(plane.log(1)).toBe("from the mirror\nlo\n");
    expect(seen).toMatchObject({ exitCode: 0, outOfMemory: false });
  });

  test("every line of the profile is in force, as seen from inside a step", async () => {
    const probe = `
      grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
      touch /outside 2>/dev/null && echo root-writable
      touch /delta/outside 2>/dev/null && echo runner-writable
      ls /dev | tr '\\n' ' '; echo
      cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null || true
      df -m /tmp | tail -1 | awk '{print "tmp", $2}'
      mount -t tmpfs none /mnt 2>/dev/null && echo mounted
      chown 1 hello.txt 2>/dev/null && echo chowned
      test "$(cat /proc/net/route | wc -l)" = 1 || echo routed
      echo probed
    `;
    const { plane } = await finished([{ name: "probe", run: probe }]);
    const text = plane.log(1);
    expect(text).toMatch(/CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000/);
    expect(text).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    expect(text).toMatch(/^64$/m);
    expect(text).toMatch(/^tmp 16$/m);
    expect(text).toMatch(/^probed$/m);
    expect(text).not.toMatch(/writable|mounted|chowned|routed|\bsd[a-z]\b|\bvd[a-z]\b|\bmem\b/);
  });

  test("a step finds neither the claim nor the lease: not in files, not in environments, not in arguments", async () => {
    const { plane } = await finished((standIn) => {
      const needles = Buffer.from(`${standIn.claimToken}\n${standIn.leaseToken}`).toString("base64");
      // The needles reach grep through a pipe, so that the search does not find itself.
      const search = `
        places="/secrets /local /alloc /tmp /run /var /root /home /etc /delta/delta-runner.mjs"
        echo ${needles} | base64 -d | grep -rlaF -f - $places && echo found in files
        echo ${needles} | base64 -d | grep -slaF -f - /proc/[0-9]*/environ /proc/[0-9]*/cmdline && echo found in processes
        echo hidden-in-plain-sight > /tmp/control
        printf hidden-in-plain-sight | grep -rlaF -f - $places
        echo "secrets: $(ls /secrets | tr '\\n' ' ')"
      `;
      return [{ name: "search", run: search }];
    });
    // Nomad puts api.sock there for every task; it answers nobody without a token.
    expect(plane.log(1)).toBe("/tmp/control\nsecrets: api.sock \n");
  });

  test("a step that eats memory ends its attempt as out of memory, and the neighbours go on", async () => {
    const { seen, report } = await finished([{ name: "eat", run: "head -c 2000m /dev/zero | tail" }]);
    // Either the runner lives and reports it, or the kernel took the runner and Nomad tells.
    expect(seen.outOfMemory || (report as { reason?: string }).reason === "oom").toBe(true);
  });

  test("the runner starts in an image that holds nothing at all", async () => {
    await importEmpty(agent.folder, "delta-test-empty");
    const limits = [
      "--rm",
      "--read-only",
      "--network=none",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
    ];
    const mount = ["--volume", `${runnerFolder}:/delta:ro`, "delta-test-empty:1"];
    const said = await docker(agent.folder, [
      "run",
      ...limits,
      ...mount,
      ...runnerCommand("/delta"),
      "--version",
    ]);
    expect(said.trim()).toBe(RUNNER_VERSION);
  });

  test("a stopped attempt leaves no container", async () => {
    const { plane, dispatcher, request } = await carryOut([{ name: "wait", run: "sleep 600" }]);
    await plane.until(() => plane.count("heartbeat") > 0, 40_000);
    await untilGone(cluster(), dispatcher, request.attemptId);
    const running = await docker(agent.folder, ["ps", "--quiet", "--filter", `name=${request.attemptId}`]);
    expect(running.trim()).toBe("");
    expect((await docker(agent.folder, ["ps", "--quiet"])).trim()).toBe("");
  });
});

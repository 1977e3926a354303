import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../schemas/dispatcher.ts";
import { untilGone, untilObserved } from "../support/nomad/cluster.ts";
import { ContainerWorld, DEBIAN_IMAGE } from "../support/nomad/container-world.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { docker } from "../support/nomad/docker-engine.ts";
import { missingPart } from "./parts.ts";

describe.runIf(missingPart("docker") === null)("in a hardened container without a network", () => {
  let world: ContainerWorld;
  beforeAll(async () => {
    world = await ContainerWorld.start();
    await importDebian(world.agent.folder, DEBIAN_IMAGE);
  }, 300_000);
  afterAll(() => world?.stop());

  test("an attempt is carried out from claim to report through the relay alone", async () => {
    const { plane, seen, report } = await world.finished([
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
    const { plane } = await world.finished([{ name: "probe", run: probe }]);
    const text = plane.log(1);
    expect(text).toMatch(/CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000/);
    expect(text).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    expect(text).toMatch(/^64$/m);
    expect(text).toMatch(/^tmp 16$/m);
    expect(text).toMatch(/^probed$/m);
    expect(text).not.toMatch(/writable|mounted|chowned|routed|\bsd[a-z]\b|\bvd[a-z]\b|\bmem\b/);
  });

  test("a step finds neither the claim nor the lease: not in files, not in environments, not in arguments", async () => {
    const { plane } = await world.finished((standIn) => {
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

  test("a step can neither trace the runner nor read its memory, environment or open files", async () => {
    const look = `
      set +e
      look() {
        ( : </proc/$1/mem ) 2>/dev/null && echo "$2: mem can be opened"
        for name in environ maps auxv io syscall; do
          head -c 1 /proc/$1/$name >/dev/null 2>&1 && echo "$2: $name can be read"
        done
        for name in cwd exe root $(seq -f fd/%.0f 0 40); do
          readlink /proc/$1/$name >/dev/null && echo "$2: $name can be followed"
        done
        perl -e 'exit(syscall(101, 16, $ARGV[0] + 0, 0, 0) == 0 ? 0 : 1)' $1 && echo "$2: can be traced"
      }
      tr '\\0' ' ' </proc/$PPID/cmdline; echo
      cat /proc/$PPID/status /proc/$$/status | grep ^Uid:
      look $PPID runner
      # What it cannot do to the runner it can do to its own processes, so the looks are good ones.
      sleep 60 & look $! own
    `;
    const { plane, request } = await world.finished([{ name: "look", run: look }]);
    const [runner, runnerUser, stepUser, ...found] = plane.log(1).trim().split("\n");
    expect(runner).toContain(` delta-runner ${request.attemptId} `);
    expect(stepUser).toBe(runnerUser);
    expect(found.filter((line) => line.startsWith("runner:"))).toEqual([]);
    expect(found).toEqual(expect.arrayContaining(["own: environ can be read", "own: mem can be opened"]));
    expect(found).toEqual(expect.arrayContaining(["own: fd/1 can be followed", "own: can be traced"]));
  });

  test("a step that kills the runner ends its own container, and reports nothing", async () => {
    const { plane, dispatcher, request } = await world.carryOut([
      { name: "kill", run: "kill -9 $PPID; sleep 600" },
    ]);
    const isOver = (one: Observation): boolean => one.state === "exited";
    const seen = await untilObserved(world, dispatcher, request.attemptId, isOver);
    expect(seen).toMatchObject({ exitCode: 137, outOfMemory: false });
    expect(await docker(world.agent.folder, ["ps", "--quiet"])).toBe("");
    expect(plane.count("complete")).toBe(0);
  });

  test("a step that eats memory ends its attempt as out of memory, and the neighbours go on", async () => {
    const { seen, report } = await world.finished([{ name: "eat", run: "head -c 2000m /dev/zero | tail" }]);
    // Either the runner lives and reports it, or the kernel took the runner and Nomad tells.
    expect(seen.outOfMemory || report?.reason === "oom").toBe(true);
  });

  test("a stopped attempt leaves no container", async () => {
    const { plane, dispatcher, request } = await world.carryOut([{ name: "wait", run: "sleep 600" }]);
    await plane.until(() => plane.count("heartbeat") > 0);
    await untilGone(world, dispatcher, request.attemptId);
    const running = await docker(world.agent.folder, [
      "ps",
      "--quiet",
      "--filter",
      `name=${request.attemptId}`,
    ]);
    expect(running.trim()).toBe("");
    expect((await docker(world.agent.folder, ["ps", "--quiet"])).trim()).toBe("");
  });
});

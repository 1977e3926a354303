import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isLive, livePids, processesOf, read } from "../support/job-processes.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

test("output that is no text arrives byte for byte", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: String.raw`printf '\377\000\033[2J\200end'` }],
  });
  expect(await runner.ended).toBe(0);
  expect(plane.logs.get(1).bytes).toEqual(Buffer.from("\xff\0\x1b[2J\x80end", "latin1"));
});

test("a line of 8 MB without an end arrives whole, through broken connections and lost answers", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "head -c 8000000 /dev/zero | tr '\\0' x; echo end" }],
    spec: { log_bytes_max: 64 * 1024 * 1024 },
    fault: (call) => {
      if (call.name !== "logs" || call.stream !== 1 || call.count % 20 !== 0) return undefined;
      return call.count % 40 === 0 ? "reset" : "swallow";
    },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  const { bytes, closed } = plane.logs.get(1);
  expect(bytes.length).toBe(8_000_004);
  expect(bytes.subarray(-4).toString()).toBe("end\n");
  expect(closed).toMatchObject({ size: 8_000_004, truncated: false });
});

test("output past the job's log limit ends with a marker, and the job goes on", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "yes | head -c 5000000; echo over >&2" }, { run: "echo next" }],
    spec: { log_bytes_max: 200_000 },
  });
  expect(await runner.ended).toBe(0);
  expect(plane.complete?.outcome).toBe("succeeded");
  expect(plane.logs.get(1).closed?.truncated).toBe(true);
  expect(plane.log(1)).toContain("[delta] the log limit of the job is reached");
  const total = [0, 1, 2].reduce((sum, stream) => sum + plane.logs.get(stream).bytes.length, 0);
  expect(total).toBeLessThanOrEqual(200_000);
});

test("a job waits while its log cannot be delivered, and loses nothing", async () => {
  let blocked = true;
  const { plane, runner } = await world.run({
    steps: [{ run: "yes 0123456789 | head -c 8000000; touch written" }],
    fault: (call) => (call.name === "logs" && call.stream === 1 && blocked ? { status: 503 } : undefined),
  });
  await plane.until(
    () => plane.calls.filter((call) => call.name === "logs" && call.stream === 1).length >= 3,
  );
  const written = join(runner.workspaceRoot, `attempt-${plane.attemptId}`, "source", "written");
  expect(readdirSync(join(written, ".."))).not.toContain("written");
  blocked = false;
  expect(await runner.ended).toBe(0);
  expect(plane.logs.get(1).bytes.length).toBe(8_000_000);
});

test("masked values and the runner's own tokens appear in no stream and in no report", async () => {
  const secret = "correct horse battery";
  const plane = await world.plane({
    steps: [
      {
        run: `printf %s 'correct horse'; sleep 0.3; echo ' battery'; printf %s '${secret}' | base64; echo '${secret}' > $HOME/f; cat $HOME/f >&2; echo "$TOKENS"`,
      },
      { run: "exit 1", env: {} },
    ].map((step, index) => ({ ...step, name: index === 1 ? `fails with ${secret}` : "prints" })),
    spec: { masks: [secret] },
  });
  const { leaseToken, claimToken } = plane;
  const runner = world.start(plane);
  expect(await runner.ended).toBe(0);
  expect(plane.log(1)).toContain("***");
  const sent = JSON.stringify(plane.complete) + [0, 1, 2].map((stream) => plane.log(stream)).join("");
  for (const token of [secret, leaseToken, claimToken, Buffer.from(secret).toString("base64")])
    expect(sent).not.toContain(token);
  expect(plane.complete?.summary).toBe('step "fails with ***" ended with exit code 1');
});

test("no process of the job has a token in its environment, its arguments or its files", async () => {
  const { plane, runner } = await world.run({
    steps: [
      {
        // What waits must be there as long as it is looked at, so it starts nothing.
        run: 'mkfifo go; sleep 300 & echo up; read -r _ <> go; grep -rF -e "$(cat needle)" /proc/self/environ $HOME $TMPDIR .git || echo clean',
      },
    ],
  });
  await plane.until(() => plane.log(1).includes("up"));
  const job = processesOf(plane.attemptId);
  expect(job.length).toBeGreaterThanOrEqual(2);
  for (const pid of [...job, runner.child.pid as number]) {
    expect(isLive(pid)).toBe(true);
    for (const token of [plane.leaseToken, plane.claimToken])
      expect(read(pid, "environ") + read(pid, "cmdline")).not.toContain(token);
  }
  const source = join(runner.workspaceRoot, `attempt-${plane.attemptId}`, "source");
  writeFileSync(join(source, "needle"), plane.leaseToken);
  writeFileSync(join(source, "go"), "\n");
  expect(await runner.ended).toBe(0);
  expect(plane.log(1)).toContain("clean\n");
});

test("a process that holds the output open and hides does not keep the attempt from its end", async () => {
  // It leaves its session, its environment, its parent and the workspace: what no runner without a container can find.
  const hide = "cd / && exec env -i setsid setsid sleep 20.125";
  const { plane, runner } = await world.run({
    steps: [{ run: `(sh -c '${hide}' &) ; sleep 0.5; echo done` }],
  });
  expect(await runner.ended).toBe(0);
  expect(plane.complete?.outcome).toBe("succeeded");
  expect(plane.log(1)).toBe("done\n");
  const hidden = livePids().filter((pid) => read(pid, "cmdline") === "sleep\x0020.125\0");
  expect(hidden).not.toEqual([]);
  for (const pid of hidden) process.kill(pid, "SIGKILL");
});

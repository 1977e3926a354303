import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import { buildJobBody, specShaOf } from "../../nomad/job-body.ts";
import { attemptOfJobName, jobNameOf } from "../../nomad/job-name.ts";
import type { RegisterRequest } from "../../nomad/job-types.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import type { DispatchRequest } from "../../schemas/dispatcher.ts";
import type { PlanService } from "../../schemas/plan-job-parts.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { makeDispatchRequest, makePlanJob } from "../support/dispatch-request.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";

const config = nomadConfig("http://127.0.0.1:9", {
  pools: {
    long: poolOf(rawExecProfile({ command: "/bin/runner", args: [], workspaceRoot: "/work", user: null })),
  },
});

function bodyOf(request = dispatchRequest()): RegisterRequest {
  const body = buildJobBody(config, request);
  if (!body.ok) throw new Error(body.refusal);
  return JSON.parse(body.text) as RegisterRequest;
}

/** The same fields in the other order. */
function reversed<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).reverse()) as Value;
}

const onLong = makePlanJob().runner;

function service(name: string): PlanService {
  const place = makePlanJob().place;
  return { name, image: "registry.example/x", env: {}, command: null, ports: [], ready: null, place };
}

describe("the job body", () => {
  test("is create only, and the same bytes for the same request", () => {
    const request = dispatchRequest();
    expect(buildJobBody(config, request)).toEqual(buildJobBody(config, structuredClone(request)));
    expect(bodyOf(request)).toMatchObject({ EnforceIndex: true, JobModifyIndex: 0 });
  });

  test("never restarts, never reschedules, never replaces", () => {
    const [group] = bodyOf().Job.TaskGroups;
    expect(group).toMatchObject({
      Count: 1,
      RestartPolicy: { Attempts: 0, Mode: "fail" },
      ReschedulePolicy: { Attempts: 0, Unlimited: false },
      Disconnect: { Replace: false },
    });
  });

  test("outlives the job's own limits: the lease ends an attempt, not Nomad", () => {
    const request = dispatchRequest();
    const timeoutNs = request.job.timeout_ms * 1_000_000;
    const [group] = bodyOf(request).Job.TaskGroups;
    expect(group?.MaxRunDuration).toBeGreaterThan(timeoutNs);
    expect(group?.Disconnect.LostAfter).toBeGreaterThan(timeoutNs);
    expect(group?.Tasks[0]?.KillTimeout).toBeGreaterThan(request.job.cancel.grace_ms * 1_000_000);
  });

  test("with workload identity it holds no secret", () => {
    const request = dispatchRequest();
    const body = buildJobBody({ ...config, claimProof: "workload_identity" }, request);
    if (!body.ok) throw new Error(body.refusal);
    expect(body.text).not.toContain(request.claimToken);
    expect(body.text).toContain("nomad_delta.jwt");
  });

  test("with a claim token the token is in the file alone, neither in arguments nor in the environment", () => {
    const request = dispatchRequest();
    const [task] = bodyOf(request).Job.TaskGroups[0]?.Tasks ?? [];
    expect(JSON.stringify({ ...task, Templates: [] })).not.toContain(request.claimToken);
    expect(task?.Templates?.[0]?.EmbeddedTmpl).toContain(request.claimToken);
  });

  test("nothing that users write reaches the template engine or the driver configuration", () => {
    const hostile = '{{ env "NOMAD_TOKEN" }}${NOMAD_SECRETS_DIR}';
    const job = makePlanJob({
      key: hostile,
      name: hostile,
      env: { A: hostile },
      workdir: hostile,
      runner: { ...onLong, pool: "long" },
    });
    const { Job } = bodyOf(makeDispatchRequest({ job }));
    expect(JSON.stringify(Job.TaskGroups)).not.toContain("NOMAD_TOKEN");
  });

  test("what a job asks for beyond its pool is refused, not cut", () => {
    const resources = { cpu_millis: 999_000, memory_bytes: null, disk_bytes: null, pids: null };
    const job = makePlanJob({ runner: { ...onLong, pool: "long" }, resources });
    const body = buildJobBody(config, makeDispatchRequest({ job }));
    expect(body).toEqual({
      ok: false,
      refusal: 'the job asks for 999000 thousandths of a core of cpu; pool "long" gives at most 64000',
    });
  });

  test.each<readonly [string, Partial<PlanJob>, string]>([
    [
      "services, each by its name",
      { services: [service("db"), service("cache")] },
      'pool "long" runs no services beside a job; it asks for "db", "cache"',
    ],
    [
      "more isolation than the pool's",
      { runner: { ...onLong, pool: "long", isolation: "vm" } },
      'the job asks for isolation "vm"; pool "long" gives "process"',
    ],
    [
      "an egress that nobody named",
      { network: { egress: "internet" } },
      'pool "long" has no egress "internet"',
    ],
    [
      "a label that Nomad would read",
      { runner: { ...onLong, pool: "long", labels: ["a}${b"] } },
      '"a}${b" is not a label',
    ],
  ])("%s: refused in words", (_what, wish, refusal) => {
    const job = makePlanJob({ runner: { ...onLong, pool: "long" }, ...wish });
    expect(buildJobBody(config, makeDispatchRequest({ job }))).toEqual({ ok: false, refusal });
  });

  test("labels are asked of the client's meta, isolation of a weaker kind is granted", () => {
    const runner = { ...onLong, pool: "long", labels: ["disk=ssd", "gpu"], isolation: "process" as const };
    const { Constraints } = bodyOf(makeDispatchRequest({ job: makePlanJob({ runner }) })).Job;
    expect(Constraints).toEqual([
      { LTarget: "${attr.kernel.name}", Operand: "=", RTarget: "linux" },
      { LTarget: "${meta.delta_disk}", Operand: "=", RTarget: "ssd" },
      { LTarget: "${meta.delta_gpu}", Operand: "=", RTarget: "true" },
    ]);
  });

  test("a pool named like a property of every object is no pool", () => {
    const job = makePlanJob({ runner: { ...onLong, pool: "constructor" } });
    expect(buildJobBody(config, makeDispatchRequest({ job }))).toMatchObject({ ok: false });
  });

  test("a pool without isolation runs nothing from forks", () => {
    expect(buildJobBody(config, { ...dispatchRequest(), trust: "fork" })).toMatchObject({ ok: false });
  });

  test("the architecture is asked for in Nomad's words", () => {
    const job = makePlanJob({ runner: { ...onLong, pool: "long", arch: "x86_64" } });
    expect(bodyOf(makeDispatchRequest({ job })).Job.Constraints).toContainEqual({
      LTarget: "${attr.cpu.arch}",
      Operand: "=",
      RTarget: "amd64",
    });
  });

  test("the hash changes with anything that was asked for", () => {
    const request = dispatchRequest();
    expect(specShaOf({ ...request })).toBe(specShaOf(request));
    expect(specShaOf({ ...request, attemptNumber: 2 })).not.toBe(specShaOf(request));
  });

  test("the hash is that of the canonical JSON, in whatever order the request has its keys", () => {
    const job = makePlanJob({ env: { PATH: "/bin", HOME: "/\u00e9\n", A: "1" } });
    const request = makeDispatchRequest({ job });
    const turned = reversed({ ...request, job: reversed(job) });
    const canonical = createHash("sha256")
      .update(canonicalize(request) ?? "")
      .digest("hex");
    expect(specShaOf(request)).toBe(canonical);
    expect(specShaOf(turned)).toBe(canonical);
  });

  test("the hash covers names that objects have of themselves", () => {
    const env = (value: string) => JSON.parse(`{"__proto__": "${value}"}`) as Record<string, string>;
    const request = makeDispatchRequest();
    const [one, other] = ["1", "2"].map((value) => ({ ...request, job: makePlanJob({ env: env(value) }) }));
    expect(specShaOf(one as DispatchRequest)).not.toBe(specShaOf(other as DispatchRequest));
  });
});

test("a job name gives back its attempt, and foreign names give none", () => {
  const { attemptId } = dispatchRequest();
  expect(attemptOfJobName("ci", jobNameOf("ci", attemptId))).toBe(attemptId);
  expect(attemptOfJobName("ci2", jobNameOf("ci", attemptId))).toBeNull();
  expect(attemptOfJobName("ci", "delta-ci-relay")).toBeNull();
});

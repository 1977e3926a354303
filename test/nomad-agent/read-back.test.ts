import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildJobBody } from "../../nomad/job-body.ts";
import type { RegisterRequest } from "../../nomad/job-types.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import type { TaskProfile } from "../../nomad/task-profile.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { missingPart } from "./parts.ts";

/** Every optional part of a job body at once; nothing of it has to run. */
const everything: TaskProfile = {
  ...rawExecProfile({ command: "/bin/true", args: ["a", "b"], workspaceRoot: "/tmp", user: "nobody" }),
  shape: () => ({
    driver: "docker",
    config: { image: "none", mount: [{ type: "tmpfs", target: "/tmp", readonly: false }], cap_drop: ["all"] },
    user: "nobody",
    env: { DELTA: "1" },
    networks: [{ Mode: "none" }],
    volumes: { delta: { Type: "host", Source: "delta-runner", ReadOnly: true } },
    mounts: [{ Volume: "delta", Destination: "/delta", ReadOnly: true }],
    memoryOverheadMegabytes: 16,
  }),
};

/** Newer than the version the tests build; an older server drops it without a word. */
const NEWER_FIELDS = ["MaxRunDuration"];

describe.runIf(missingPart("agent") === null)("what Nomad keeps", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent();
  });
  afterAll(() => agent.stop());

  test.each(["claim_token", "workload_identity"] as const)(
    "Nomad keeps every field that we set, with %s",
    async (claimProof) => {
      const config = nomadConfig(agent.address, { claimProof, pools: { all: poolOf(everything) } });
      const body = buildJobBody(config, dispatchRequest("all"));
      if (!body.ok) throw new Error(body.refusal);
      const answer = await fetch(`${agent.address}/v1/jobs`, { method: "POST", body: body.text });
      expect(await answer.text()).toContain("EvalID");
      const kept = await (await fetch(`${agent.address}/v1/job/${body.name}`)).json();
      const sent = (JSON.parse(body.text) as RegisterRequest).Job;
      const without = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value, (key, one) => (NEWER_FIELDS.includes(key) ? undefined : one)));
      expect(kept).toMatchObject(without(sent) as object);
      await fetch(`${agent.address}/v1/job/${body.name}?purge=true`, { method: "DELETE" });
    },
  );
});

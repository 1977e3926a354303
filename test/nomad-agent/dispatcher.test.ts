import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import type { Cluster } from "../support/nomad/cluster.ts";
import { describeNomadDispatcher } from "../support/nomad/dispatcher-suite.ts";
import { describeFaultsEndToEnd } from "../support/nomad/fault-end-to-end-suite.ts";
import { describeNomadFaults } from "../support/nomad/fault-suite.ts";
import { poolOf } from "../support/nomad/requests.ts";
import { missingPart } from "./parts.ts";

const MEMORY_MEGABYTES = 4_096;

describe.runIf(missingPart("agent") === null)("on a real Nomad agent", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent({ memoryMegabytes: MEMORY_MEGABYTES });
  });
  afterAll(() => agent.stop());

  const cluster = (): Cluster => ({
    address: agent.address,
    memoryMegabytes: MEMORY_MEGABYTES,
    stubborn: poolOf(
      rawExecProfile({
        command: "/bin/sh",
        args: ["-c", 'trap "sleep 1.5; exit 0" TERM; while :; do sleep 0.1; done'],
        workspaceRoot: "/tmp",
        user: null,
      }),
    ),
    async collectGarbage() {
      await fetch(`${agent.address}/v1/system/gc`, { method: "PUT" });
    },
    context: () => agent.logTail(),
  });
  describeNomadDispatcher(cluster);
  describeFaultsEndToEnd(() => ({
    address: agent.address,
    waiting: poolOf(
      rawExecProfile({
        command: "/bin/sh",
        args: ["-c", `while [ ! -e ${agent.folder}/$NOMAD_JOB_ID ]; do sleep 0.1; done`],
        workspaceRoot: "/tmp",
        user: null,
      }),
    ),
    endTask: (jobName) => writeFile(join(agent.folder, jobName), ""),
    context: () => agent.logTail(),
  }));
  describe("through a proxy that makes faults", () => describeNomadFaults(cluster));
});

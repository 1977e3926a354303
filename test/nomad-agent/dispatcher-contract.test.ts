import { afterAll, beforeAll, describe } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import { dispatcherContract } from "../contracts/dispatcher.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { allocationsOf } from "../support/nomad/cluster.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { taskProcesses } from "../support/nomad/task-processes.ts";
import { missingPart } from "./parts.ts";

/** A runner that waits for ever, as one process. */
const waiting = rawExecProfile({
  command: "/bin/sh",
  args: ["-c", "exec sleep 3600"],
  workspaceRoot: "/tmp",
  user: null,
});

describe.runIf(missingPart("agent") === null)("with real processes", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent();
  });
  afterAll(() => agent.stop());

  dispatcherContract("nomad, on a real agent,", async () => {
    const config = nomadConfig(agent.address, { pools: { waiting: poolOf(waiting) } });
    const nameOf = (attemptId: Parameters<typeof jobNameOf>[1]) => jobNameOf(config.installation, attemptId);
    const opened: NomadDispatcher[] = [];
    const open = async (): Promise<NomadDispatcher> => {
      const dispatcher = new NomadDispatcher(config);
      opened.push(dispatcher);
      await dispatcher.start();
      return dispatcher;
    };
    const dispatcher = await open();
    return {
      dispatcher,
      request: () => dispatchRequest("waiting"),
      starts: (attemptId) => allocationsOf(agent, nameOf(attemptId)),
      running: async (attemptId) => (await taskProcesses(nameOf(attemptId))).length,
      async endRunner(attemptId) {
        for (const pid of await taskProcesses(nameOf(attemptId))) process.kill(pid, "SIGTERM");
      },
      reopen: open,
      async dispose() {
        const last = await open();
        for (const attemptId of (await last.list(null)).attempts) await last.stop({ attemptId, graceMs: 0 });
        for (const one of opened) await one.close();
      },
    };
  });
});

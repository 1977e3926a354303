import { jobNameOf } from "../../nomad/job-name.ts";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { dispatcherContract } from "../contracts/dispatcher.ts";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { isEnded } from "../support/nomad/fake-nomad-state.ts";
import { dispatchRequest, nomadConfig } from "../support/nomad/requests.ts";

dispatcherContract("nomad, on the fake,", async () => {
  const fake = await startFakeNomad();
  const config = nomadConfig(fake.address);
  const opened: NomadDispatcher[] = [];
  const open = async (): Promise<NomadDispatcher> => {
    const dispatcher = new NomadDispatcher(config);
    opened.push(dispatcher);
    await dispatcher.start();
    return dispatcher;
  };
  const allocations = (attemptId: Parameters<typeof jobNameOf>[1]) =>
    fake.state.jobs.get(jobNameOf(config.installation, attemptId))?.allocations ?? [];
  return {
    dispatcher: await open(),
    request: () => dispatchRequest("long"),
    starts: async (attemptId) => allocations(attemptId).length,
    running: async (attemptId) => allocations(attemptId).filter((one) => !isEnded(one)).length,
    endRunner: async (attemptId) => fake.state.endTask(jobNameOf(config.installation, attemptId)),
    reopen: open,
    async dispose() {
      for (const dispatcher of opened) await dispatcher.close();
      await fake.close();
    },
  };
});

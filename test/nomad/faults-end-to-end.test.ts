import { afterAll, beforeAll, describe } from "vitest";
import { type FakeNomad, startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { describeFaultsEndToEnd } from "../support/nomad/fault-end-to-end-suite.ts";
import { mockProfile } from "../support/nomad/mock-profile.ts";
import { poolOf } from "../support/nomad/requests.ts";

describe("on the fake Nomad", () => {
  let fake: FakeNomad;
  beforeAll(async () => {
    fake = await startFakeNomad();
  });
  afterAll(() => fake.close());

  describeFaultsEndToEnd(() => ({
    address: fake.address,
    waiting: poolOf(mockProfile({ run_for: "1h" })),
    endTask: async (jobName) => fake.state.endTask(jobName),
    context: async () => fake.calls.slice(-20).join("\n"),
  }));
});

import { afterAll, beforeAll, describe } from "vitest";
import type { Cluster } from "../support/nomad/cluster.ts";
import { describeNomadDispatcher } from "../support/nomad/dispatcher-suite.ts";
import { type FakeNomad, startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { describeNomadFaults } from "../support/nomad/fault-suite.ts";
import { mockProfile } from "../support/nomad/mock-profile.ts";
import { poolOf } from "../support/nomad/requests.ts";

describe("on the fake Nomad", () => {
  let fake: FakeNomad;
  beforeAll(async () => {
    fake = await startFakeNomad();
  });
  afterAll(() => fake.close());

  const cluster = (): Cluster => ({
    address: fake.address,
    memoryMegabytes: fake.state.memoryMegabytes,
    stubborn: poolOf(mockProfile({ run_for: "1h", kill_after: "1500ms" })),
    collectGarbage: async () => fake.state.collect(),
    context: async () => fake.calls.slice(-20).join("\n"),
  });
  describeNomadDispatcher(cluster);
  describe("through a proxy that makes faults", () => describeNomadFaults(cluster));
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { NAMESPACE_CAPABILITIES, policyText } from "../../nomad/setup.ts";
import type { TaskProfile } from "../../nomad/task-profile.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { untilGone, untilObserved } from "../support/nomad/cluster.ts";
import { mockProfile } from "../support/nomad/mock-profile.ts";
import { grantToken } from "../support/nomad/operator.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { missingPart } from "./parts.ts";

/** Mounts the runner's volume, as every real profile does. */
const withVolume: TaskProfile = {
  ...mockProfile({}),
  shape: (request, facts) => ({
    ...mockProfile({ run_for: "1h" }).shape(request, facts),
    volumes: { delta: { Type: "host", Source: "delta-runner", ReadOnly: true } },
  }),
};

describe.runIf(missingPart("agent") === null)("with the rights that we ask operators for", () => {
  let agent: NomadAgent;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "delta-rights-"));
    const volume = { path: folder, readOnly: true };
    agent = await startNomadAgent({ acl: true, hostVolumes: { "delta-runner": volume } });
  });
  afterAll(async () => {
    await agent.stop();
    await rm(folder, { recursive: true });
  });
  const cluster = { context: () => agent.logTail() };

  const openWith = async (name: string, rules: string) => {
    const tokenFile = await grantToken(agent, folder, name, rules);
    let hear = (): void => undefined;
    const heard = new Promise<void>((resolve) => (hear = resolve));
    const dispatcher = new NomadDispatcher(
      nomadConfig(agent.address, { tokenFile, onHint: () => hear(), pools: { long: poolOf(withVolume) } }),
    );
    onTestFinished(() => dispatcher.close());
    return { dispatcher, heard };
  };

  test("everything works: dispatch, repeat, observe, events, stop", async () => {
    const { dispatcher, heard } = await openWith(
      "all",
      policyText("default", "delta-runner", NAMESPACE_CAPABILITIES),
    );
    await dispatcher.start();
    const request = dispatchRequest();
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    await untilObserved(cluster, dispatcher, request.attemptId, (seen) => seen.state === "running");
    await heard;
    await untilGone(cluster, dispatcher, request.attemptId);
    const never = dispatchRequest();
    await untilGone(cluster, dispatcher, never.attemptId);
  });

  test.each(NAMESPACE_CAPABILITIES)("without %s something of it is denied, in words", async (capability) => {
    const rest = NAMESPACE_CAPABILITIES.filter((one) => one !== capability);
    const { dispatcher } = await openWith(`no-${capability}`, policyText("default", "delta-runner", rest));
    const request = dispatchRequest();
    const { attemptId } = request;
    const answers = [
      await dispatcher.dispatch(request),
      await dispatcher.dispatch(request),
      await dispatcher.observe([attemptId]).catch((error: Error) => ({ detail: error.message })),
      await dispatcher.list(null).catch((error: Error) => ({ detail: error.message })),
      await dispatcher.stop({ attemptId, graceMs: 0 }),
    ];
    expect(JSON.stringify(answers)).toContain("Permission denied");
  });

  test("without the volume's right the dispatch is denied", async () => {
    const { dispatcher } = await openWith(
      "no-volume",
      policyText("default", "other", NAMESPACE_CAPABILITIES),
    );
    const result = await dispatcher.dispatch(dispatchRequest());
    expect(result).toMatchObject({ status: "unknown", detail: expect.stringContaining("Permission denied") });
  });
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { runnerCommand } from "../../nomad/runner-folder.ts";
import type { SetupOptions } from "../../nomad/setup-options.ts";
import { relayJobName } from "../../nomad/setup-relay.ts";
import { setupFiles } from "../../nomad/setup.ts";
import { makeAuthority } from "../support/certificates.ts";
import { ContainerWorld, DEBIAN_IMAGE, type RunningRelay } from "../support/nomad/container-world.ts";
import { withDeadline } from "../support/deadline.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { docker, importEmpty } from "../support/nomad/docker-engine.ts";
import { missingPart } from "./parts.ts";

const EMPTY_IMAGE = "delta-test-empty";
const RELAY_MS = 60_000;

describe.runIf(missingPart("docker") === null)("a relay to a control plane behind TLS", () => {
  let world: ContainerWorld;
  beforeAll(async () => {
    world = await ContainerWorld.start();
    await importDebian(world.agent.folder, DEBIAN_IMAGE);
    await importEmpty(world.agent.folder, EMPTY_IMAGE);
  }, 300_000);
  afterAll(() => world?.stop());

  /** The control plane with a certificate of an authority whose file is put where the relay is told to look. */
  async function behindTls(controlPlane: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "delta-relay-"));
    const authority = makeAuthority(folder);
    const { certFile, keyFile } = authority.issue("plane", "localhost");
    await copyFile(authority.caFile, join(world.runnerFolder, "ca.pem"));
    const server = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, (inner) => {
      const outer = connectTcp({ host: "127.0.0.1", port: Number(new URL(controlPlane).port) });
      for (const socket of [inner, outer]) {
        socket.on("error", () => {
          inner.destroy();
          outer.destroy();
        });
      }
      inner.pipe(outer).pipe(inner);
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    onTestFinished(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    const address = server.address();
    return `https://localhost:${typeof address === "object" ? address?.port : 0}`;
  }

  const untilServing = () =>
    withDeadline(
      "the relay's socket",
      RELAY_MS,
      async () => {
        const probe = connectTcp(world.socketPath);
        try {
          await once(probe, "connect");
        } finally {
          probe.destroy();
        }
      },
      world.context,
    );

  async function attemptThrough(relay: (controlPlane: string) => Promise<RunningRelay>): Promise<void> {
    const steps = [{ name: "look", run: "cat hello.txt; ls /sys/class/net" }];
    const { plane, report } = await world.finished(steps, { relay });
    expect(report).toMatchObject({ outcome: "succeeded", reason: "ok" });
    expect(plane.log(1)).toBe("from the mirror\nlo\n");
  }

  test("as a plain process of the runner's folder serves an attempt without a network", async () => {
    await attemptThrough(async (controlPlane) => {
      const url = await behindTls(controlPlane);
      const [program = "", ...args] = runnerCommand(world.runnerFolder);
      const authority = ["--ca", join(world.runnerFolder, "ca.pem")];
      const options = ["relay", "--socket", world.socketPath, "--control-plane", url, ...authority];
      const relay = spawn(program, [...args, ...options], {
        env: {},
        stdio: ["ignore", "ignore", "inherit"],
      });
      await untilServing();
      return {
        async close() {
          const exited = once(relay, "exit");
          relay.kill("SIGTERM");
          expect(await exited).toEqual([0, null]);
        },
      };
    });
  });

  test("as the system job of setup serves an attempt without a network, and comes back when killed", async () => {
    await attemptThrough(async (controlPlane) => {
      const options: SetupOptions = {
        namespace: "default",
        installation: "main",
        nodePool: "default",
        runnerVolume: "delta-runner",
        runnerFolder: world.runnerFolder,
        controlPlane: await behindTls(controlPlane),
        ownAuthority: true,
        machines: null,
        relay: { kind: "nomad", image: `${EMPTY_IMAGE}:1` },
      };
      const nomad = async (path: string, method: string, body?: object): Promise<unknown> => {
        const answer = await fetch(`${world.agent.address}/v1${path}`, {
          method,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
        return await answer.json();
      };
      const file = setupFiles(options).find(({ name }) => name === "delta-relay.nomad.hcl");
      const Job = await nomad("/jobs/parse", "POST", { JobHCL: file?.text, Canonicalize: true });
      await nomad("/jobs", "POST", { Job });
      await untilServing();
      const relays = async (): Promise<string[]> =>
        (await docker(world.agent.folder, ["ps", "--quiet", "--filter", "name=relay"])).trim().split("\n");
      const [first = ""] = await relays();
      await docker(world.agent.folder, ["kill", "--signal=KILL", first]);
      await withDeadline(
        "another relay",
        RELAY_MS,
        async () => ![first, ""].includes((await relays())[0] ?? ""),
        world.context,
      );
      await untilServing();
      return {
        async close() {
          await nomad(`/job/${relayJobName(options)}`, "DELETE");
          const isGone = async (): Promise<boolean> => (await relays()).join("") === "";
          await withDeadline("the relay to end", RELAY_MS, isGone, world.context);
        },
      };
    });
  });
});

import { mkdirSync } from "node:fs";
import { readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RunView } from "../../schemas/api.ts";
import { makeAuthority } from "../support/certificates.ts";
import { hasEnded } from "../support/nomad/control-plane.ts";
import { withDeadline } from "../support/deadline.ts";
import { guideSteps } from "../support/nomad/guide.ts";
import { GuideWorld } from "../support/nomad/guide-world.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const FIRST = "From nothing to a first green run";
/** Each block of commands in the guide, by what it is for. */
const STEP = {
  setup: `${FIRST} 1`,
  client: `${FIRST} 2`,
  token: `${FIRST} 3`,
  doctor: `${FIRST} 4`,
  start: `${FIRST} 5`,
  relay: `${FIRST} 6`,
  run: `${FIRST} 7`,
  drain: "Day to day 1",
  undrain: "Day to day 2",
  powerIsBack: "Day to day 3",
  upgradePlane: "Upgrade 1",
  upgradeNomad: "Upgrade 2",
  upgradeRunner: "Upgrade 3",
  rotateToken: "Rotation 1",
  rotateCertificates: "Rotation 2",
  rotateSigningKey: "Rotation 3",
  rotateAuthority: "Rotation 4",
} as const;

/** A lease that is not renewed, its retry's delay, and a start, on a machine that has much else to do. */
const TEST_MS = 300_000;
const WAIT_MS = 180_000;

test("every block of commands in the operators' guide is carried out by a test", () => {
  expect([...guideSteps().keys()]).toEqual(Object.values(STEP));
});

describe.runIf(missingPart("docker") === null)(
  "the operators' guide, followed on a real agent with ACLs",
  () => {
    let world: GuideWorld;
    let firstRun: string;
    beforeAll(async () => {
      world = await GuideWorld.start();
      for (const step of [STEP.setup, STEP.client, STEP.token]) await world.follow(step);
      expect(await world.follow(STEP.doctor)).toMatch(/pool default +an attempt would/);
      await world.follow(STEP.start);
      expect(await world.follow(STEP.relay)).toMatch(/✓ relay/);
      const cwd = repositoryOf("cat hello.txt").path;
      firstRun = await world.follow(STEP.run, cwd);
    }, TEST_MS);
    afterAll(() => world?.stop(), TEST_MS);

    const created: { remove(): void }[] = [];
    afterAll(() => {
      for (const one of created) one.remove();
    });
    function repositoryOf(step: string) {
      const pipeline = `version: 1\nname: shop\njobs:\n  a:\n    retry: { max: 2 }\n    steps:\n      - ${step}\n`;
      const files = { ".delta/pipeline.yaml": pipeline, "hello.txt": "hello\n" };
      const repository = makeSourceRepository(files);
      created.push(repository);
      return repository;
    }

    async function api<Answer>(path: string, body?: object): Promise<Answer> {
      const token = (await readFile(join(world.stateFolder, "api-token"), "utf8")).trim();
      const answer = await fetch(`${world.planeUrl}/api/v1${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${text}`);
      return JSON.parse(text) as Answer;
    }

    async function until(id: string, what: string, isRight: (run: RunView) => boolean): Promise<RunView> {
      let run = await api<RunView>(`/runs/${id}`);
      const look = async (): Promise<boolean> => {
        run = await api<RunView>(`/runs/${id}`);
        return isRight(run);
      };
      const said = async () =>
        [JSON.stringify(run, null, 1), ...world.log, await world.agent.logTail()].join("\n");
      await withDeadline(what, WAIT_MS, look, said);
      return run;
    }

    async function begin(step: string): Promise<string> {
      const repository = repositoryOf(step);
      const change = { base: null, ref: "refs/heads/main", default_branch: "main", jobs: [], all: true };
      const body = { repository_path: repository.path, head: repository.commit, ...change };
      return (await api<RunView>("/runs", body)).id;
    }

    const attemptsOf = ({ jobs }: RunView) => jobs[0]?.attempts ?? [];
    const isAtWork = (number: number) => (run: RunView) => {
      const attempt = attemptsOf(run).find((one) => one.number === number);
      return attempt?.state === "running" && attempt.streams.some(({ acked }) => acked > 0);
    };

    /** A job whose step waits for a word of the test's. */
    async function underway() {
      const gate = `go-${created.length}`;
      const file = join(world.folder, "opt/delta", gate);
      onTestFinished(() => rm(file, { force: true }));
      const id = await begin(`echo up; while [ ! -e /delta/${gate} ]; do sleep 0.1; done`);
      await until(id, "its step to be at work", isAtWork(1));
      return { id, go: () => writeFile(file, "") };
    }

    async function expectGreen(id: string): Promise<void> {
      const run = await until(id, "the run to end", hasEnded);
      expect(attemptsOf(run).map(({ state, reason }) => [state, reason])).toEqual([["succeeded", "ok"]]);
    }

    test("leads from nothing to a first green run", () => {
      expect(firstRun).toMatch(/succeeded/);
    });

    test("a drain lets the attempt finish, and what comes meanwhile waits", {
      timeout: TEST_MS,
    }, async () => {
      const { id, go } = await underway();
      const [node] = await nodes();
      world.names.push(["<node>", node?.ID ?? ""]);
      const drained = world.follow(STEP.drain);
      await withDeadline("the node to take no more", WAIT_MS, async () => (await nodes())[0]?.Drain === true);
      const next = await begin("cat hello.txt");
      const why = /^not placed: node pool "ci-containers" has no node that takes work now/;
      await until(next, "the next attempt to wait", (run) => why.test(attemptsOf(run)[0]?.pending ?? ""));
      await go();
      await expectGreen(id);
      await drained;
      await world.follow(STEP.undrain);
      await expectGreen(next);
    });

    test("a client that lost its power loses its attempt, and the next is carried out when it is back", {
      timeout: TEST_MS,
    }, async () => {
      const { id, go } = await underway();
      await world.cutPower();
      await go();
      await world.follow(STEP.powerIsBack);
      const run = await until(id, "the run to end", hasEnded);
      expect(attemptsOf(run).map(({ state, reason }) => [state, reason])).toEqual([
        ["lost", "runner_lost"],
        ["succeeded", "ok"],
      ]);
    });

    test("a new control plane on the same database takes the attempt over", {
      timeout: TEST_MS,
    }, async () => {
      const { id, go } = await underway();
      await world.follow(STEP.upgradePlane);
      await go();
      await expectGreen(id);
    });

    test("Nomad's client and the runner's folder are replaced below an attempt that keeps the old ones", {
      timeout: TEST_MS,
    }, async () => {
      const { id, go } = await underway();
      expect(await world.follow(STEP.upgradeNomad)).toMatch(/pool default +an attempt would/);
      expect(await runnersOf(world)).toEqual([expect.not.stringContaining("(deleted)")]);
      await world.follow(STEP.upgradeRunner);
      expect(await runnersOf(world)).toEqual([expect.stringContaining("(deleted)")]);
      await go();
      await expectGreen(id);
      await expectGreen(await begin("cat hello.txt"));
    });

    test("token, certificates, signing key and authority are rotated below an attempt, and below what follows", {
      timeout: TEST_MS,
    }, async () => {
      const { id, go } = await underway();
      const old = (await readFile(join(world.folder, "etc/delta/nomad.token"), "utf8")).trim();
      const self = await fetch(`${world.agent.address}/v1/acl/token/self`, {
        headers: { "x-nomad-token": old },
      });
      world.names.push(["<accessor>", ((await self.json()) as { AccessorID: string }).AccessorID]);
      await world.follow(STEP.rotateToken);
      const refused = await fetch(`${world.agent.address}/v1/jobs?namespace=ci`, {
        headers: { "x-nomad-token": old },
      });
      expect(refused.status).toBe(403);

      const next = authorityIn("next-nomad");
      const client = next.issue("client", "client.global.nomad");
      const oldServer = {
        certFile: join(world.folder, "nomad/server.pem"),
        keyFile: join(world.folder, "nomad/server.key"),
      };
      const both = [world.nomadAuthority.caFile, next.caFile];
      world.nomadFront.present({ certificate: oldServer, clientAuthorities: both });
      await world.put("work/new-nomad-ca.pem", await readFile(next.caFile, "utf8"));
      await world.put("work/new-nomad-client.pem", await readFile(client.certFile, "utf8"));
      await world.put("work/new-nomad-client.key", await readFile(client.keyFile, "utf8"));
      await world.follow(STEP.rotateCertificates);
      const certificate = next.issue("server", "server.global.nomad");
      world.nomadFront.present({ certificate, clientAuthorities: [next.caFile] });

      await world.follow(STEP.rotateSigningKey);

      const nextPlane = authorityIn("next-plane");
      await world.put("work/new-ca.pem", await readFile(nextPlane.caFile, "utf8"));
      await world.follow(STEP.rotateAuthority);
      const own = nextPlane.issue("plane", "localhost");
      world.planeFront.present({ certificate: own, clientAuthorities: null });

      await expectGreen(await begin("cat hello.txt"));
      await go();
      await expectGreen(id);
    });

    function authorityIn(name: string) {
      mkdirSync(join(world.folder, name));
      return makeAuthority(join(world.folder, name));
    }

    async function nodes(): Promise<{ ID: string; Drain: boolean }[]> {
      const headers = { "x-nomad-token": world.agent.managementToken ?? "" };
      return (await (await fetch(`${world.agent.address}/v1/nodes`, { headers })).json()) as {
        ID: string;
        Drain: boolean;
      }[];
    }
  },
);

/** The program files of the runners in containers of this world, as the kernel names them. */
async function runnersOf(world: GuideWorld): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir("/proc")) {
    const mounts = await readFile(`/proc/${name}/mountinfo`, "utf8").catch(() => "");
    if (!mounts.includes(`${world.folder}/opt/delta`)) continue;
    const program = await readlink(`/proc/${name}/exe`).catch(() => "");
    if (program.includes("/lib/loader")) found.push(program);
  }
  return found;
}

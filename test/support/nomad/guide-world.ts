import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { LEASE_TIMING_DEFAULT } from "../../../control-plane/lifecycle/lease-timing.ts";
import { type ControlPlane, readConfig, startControlPlane } from "../../../control-plane/main.ts";
import { freePorts } from "../../../nomad/free-ports.ts";
import { findNomadBinary } from "../../nomad-agent/binary.ts";
import { environment, ROOT } from "../../cli/support/delta.ts";
import { type Authority, makeAuthority } from "../certificates.ts";
import { type NomadAgent, startNomadAgent } from "./agent.ts";
import { importDebian } from "./debian-image.ts";
import { docker } from "./docker-engine.ts";
import { guideConfig, guideSteps } from "./guide.ts";
import { bundleRunner } from "./runner-folder.ts";
import { startTlsFront, type TlsFront } from "./tls-front.ts";

const IMAGE = "delta-guide-debian:1";
const SERVER_NAME = "server.global.nomad";
/** A drain that waits for its attempts, on a machine that has much else to do. */
const COMMAND_MS = 240_000;
/** A restart fits in, however slow the machine is; power that fails is still noticed. */
const LEASE_TTL_MS = 45_000;

/** A cluster and a control plane as operators have them, whose guide's paths and addresses are those of one test. */
export class GuideWorld {
  readonly agent: NomadAgent;
  readonly folder: string;
  readonly stateFolder: string;
  /** Where the control plane listens, without TLS. */
  readonly planeUrl: string;
  readonly nomadAuthority: Authority;
  readonly planeAuthority: Authority;
  readonly nomadFront: TlsFront;
  readonly planeFront: TlsFront;
  /** What the guide calls by a name of its own, and what it is here. */
  readonly names: [guide: string, here: string][];
  readonly #environment: NodeJS.ProcessEnv;
  /** What the control plane said. */
  readonly log: string[] = [];
  #plane: ControlPlane | null = null;
  #relay: ChildProcess | null = null;

  private constructor(
    agent: NomadAgent,
    folder: string,
    planePort: number,
    authorities: { readonly nomad: Authority; readonly plane: Authority },
    fronts: { readonly nomad: TlsFront; readonly plane: TlsFront },
  ) {
    this.agent = agent;
    this.folder = folder;
    this.stateFolder = join(folder, "state");
    this.planeUrl = `http://127.0.0.1:${planePort}`;
    this.nomadAuthority = authorities.nomad;
    this.planeAuthority = authorities.plane;
    this.nomadFront = fronts.nomad;
    this.planeFront = fronts.plane;
    this.names = [
      ["https://ci.example:8443", `https://localhost:${fronts.plane.port}`],
      ["https://nomad.example:4646", `https://127.0.0.1:${fronts.nomad.port}`],
      ["registry.example/ci/base@sha256:...", IMAGE],
      ["registry.example/ci/", "delta-guide-debian"],
      ["/etc/delta/", join(folder, "etc/delta/")],
      ["/etc/nomad.d/", join(folder, "etc/nomad.d/")],
      ["/etc/systemd/system/", join(folder, "etc/systemd/system/")],
      ["/opt/delta", join(folder, "opt/delta")],
    ];
    this.#environment = environment({
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      DELTA_STATE_DIR: this.stateFolder,
      DELTA_PORT: String(planePort),
      DELTA_DISPATCHER: "nomad",
      DELTA_NOMAD_CONFIG: join(folder, "etc/delta/nomad.json"),
      DELTA_LOG_LEVEL: "info",
      NOMAD_ADDR: `https://127.0.0.1:${fronts.nomad.port}`,
      NOMAD_CACERT: join(folder, "etc/delta/nomad-ca.pem"),
      NOMAD_CLIENT_CERT: join(folder, "etc/delta/nomad-client.pem"),
      NOMAD_CLIENT_KEY: join(folder, "etc/delta/nomad-client.key"),
      NOMAD_TLS_SERVER_NAME: SERVER_NAME,
      NOMAD_TOKEN: agent.managementToken ?? "",
    });
  }

  static async start(): Promise<GuideWorld> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "delta-guide-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const folders = ["bin", "etc/delta", "etc/nomad.d", "etc/systemd/system", "nomad", "plane", "work"];
    for (const name of folders) await mkdir(join(folder, name), { recursive: true });
    const clientConfigFolder = join(folder, "etc/nomad.d");
    const agent = await startNomadAgent({ acl: true, docker: true, clientWaits: true, clientConfigFolder });
    stack.defer(() => agent.stop());
    await importDebian(agent.folder, IMAGE.replace(/:1$/, ""));
    const nomad = makeAuthority(join(folder, "nomad"));
    const plane = makeAuthority(join(folder, "plane"));
    const [planePort = 0] = await freePorts(1);
    const nomadFront = await startTlsFront(Number(new URL(agent.address).port), {
      certificate: nomad.issue("server", SERVER_NAME),
      clientAuthorities: [nomad.caFile],
    });
    stack.defer(() => nomadFront.close());
    const planeFront = await startTlsFront(planePort, {
      certificate: plane.issue("plane", "localhost"),
      clientAuthorities: null,
    });
    stack.defer(() => planeFront.close());
    const fronts = { nomad: nomadFront, plane: planeFront };
    const world = new GuideWorld(agent, folder, planePort, { nomad, plane }, fronts);
    await world.#layOut();
    stack.move();
    return world;
  }

  /** What the guide takes for granted: programs, certificates, and the configuration file that it shows. */
  async #layOut(): Promise<void> {
    const { path } = await findNomadBinary();
    await bundleRunner(join(ROOT, "dist/runner/main.js"));
    const program = (name: string, command: string) =>
      writeFile(join(this.folder, "bin", name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    await program("nomad", path ?? "nomad");
    await program("delta", `${process.execPath} ${join(ROOT, "cli/delta.js")}`);
    const client = this.nomadAuthority.issue("client", "client.global.nomad");
    await this.put("etc/delta/nomad-ca.pem", await readFile(this.nomadAuthority.caFile, "utf8"));
    await this.put("etc/delta/nomad-client.pem", await readFile(client.certFile, "utf8"));
    await this.put("etc/delta/nomad-client.key", await readFile(client.keyFile, "utf8"));
    await this.put("work/ca.pem", await readFile(this.planeAuthority.caFile, "utf8"));
    await this.put("etc/delta/nomad.json", this.#here(guideConfig()));
  }

  async put(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text, { mode: 0o600 });
  }

  /** Carries the commands of one block of the guide out, in the folder given. Answers with what they printed. */
  async follow(step: string, cwd = join(this.folder, "work")): Promise<string> {
    const commands = guideSteps().get(step);
    if (commands === undefined) throw new Error(`the guide has no step ${step}`);
    let printed = "";
    let before: string[] = [];
    for (const command of commands.map((one) => this.#here(one))) {
      const [program, ...words] = command.split(" ");
      if (program === "systemctl") await this.#systemctl(words);
      else if (program === "umask") before = [command];
      else printed += await this.#shell([...before, command].join("\n"), cwd);
    }
    return printed;
  }

  async stop(): Promise<void> {
    for (const unit of ["delta", "delta-relay"]) await this.#endUnit(unit);
    await this.planeFront.close();
    await this.nomadFront.close();
    await this.agent.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The power of the client fails: agent, containers and relay end without a word. */
  async cutPower(): Promise<void> {
    await this.agent.kill("client");
    await this.#endUnit("delta-relay", "SIGKILL");
    const containers = (await docker(this.agent.folder, ["ps", "--quiet"])).split("\n").filter(Boolean);
    if (containers.length > 0) await docker(this.agent.folder, ["rm", "--force", ...containers]);
  }

  async #endUnit(unit: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (unit === "delta") return await this.#plane?.stop();
    const relay = this.#relay;
    this.#relay = null;
    if (relay === null || relay.exitCode !== null || relay.signalCode !== null) return;
    const exited = once(relay, "exit");
    relay.kill(signal);
    await exited;
  }

  #here(text: string): string {
    return this.names.reduce((so, [guide, here]) => so.replaceAll(guide, here), text);
  }

  async #shell(script: string, cwd: string): Promise<string> {
    const options = { cwd, env: this.#environment, timeout: COMMAND_MS };
    try {
      return (await promisify(execFile)("sh", ["-e", "-c", script], options)).stdout;
    } catch (cause) {
      const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
      throw new Error(`${script}\n${stdout}${stderr}\n${await this.agent.logTail()}`, { cause });
    }
  }

  /** This machine has no systemd: what a unit's file says is started here, and Nomad's client by its keeper. */
  async #systemctl(words: readonly string[]): Promise<void> {
    const [verb = "", unit = ""] = words.filter((word) => word !== "--now");
    if (verb === "daemon-reload") return;
    if (unit === "nomad") {
      if (verb === "restart") await this.agent.end("client");
      return await this.agent.restart("client");
    }
    if (verb !== "start") await this.#endUnit(unit);
    if (verb !== "stop") await (unit === "delta" ? this.#startPlane() : this.#startRelay());
  }

  /** In this process: a machine that has much else to do would start a program of its own in more than a lease's time. */
  async #startPlane(): Promise<void> {
    const leaseTiming = { ...LEASE_TIMING_DEFAULT, ttlMs: LEASE_TTL_MS };
    const logStream = { write: (line: string) => void this.log.push(line) };
    this.#plane = await startControlPlane(readConfig(this.#environment, { leaseTiming }), { logStream });
  }

  async #startRelay(): Promise<void> {
    const text = await readFile(join(this.folder, "etc/systemd/system/delta-relay.service"), "utf8");
    const [program = "", ...args] = /^ExecStart=(.*)$/m.exec(text)?.[1]?.split(" ") ?? [];
    this.#relay = spawn(program, args, { env: {}, stdio: ["ignore", "ignore", "ignore"] });
  }
}

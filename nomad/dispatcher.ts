import type {
  Dispatcher,
  DispatchRequest,
  DispatchResult,
  Observation,
  RunnerPage,
  StopRequest,
  StopResult,
} from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import { backoffMs } from "./backoff.ts";
import { type BootWatch, createBootWatch } from "./boot-watch.ts";
import { NomadClient } from "./client.ts";
import { configFaults, type NomadConfig } from "./config.ts";
import { createHintStream, type HintStream } from "./hint-stream.ts";
import { createSequencer } from "./in-parallel.ts";
import { JobApi } from "./job-api.ts";
import { buildJobBody, buildTombstone, isTombstone, META_SPEC_SHA } from "./job-body.ts";
import { jobNameOf } from "./job-name.ts";
import { readLastWords } from "./last-words.ts";
import { NomadError } from "./nomad-error.ts";
import { isGone } from "./observation.ts";
import { Observer } from "./observer.ts";

/** Operators have to act first, so a fast repetition would only fill their log. */
const OPERATOR_DELAY_MS = 30_000;

/**
 * Dispatcher over Nomad: one create-only batch job per attempt, stopped by deregistering without
 * purge. Nomad places the runner; which runner may speak for an attempt is decided at its claim.
 *
 * Register and deregister of one attempt never overlap within this process. Across processes, and
 * for a register that lands late, the name is what protects: it is taken once, for good.
 */
export class NomadDispatcher implements Dispatcher {
  readonly name = "nomad";
  readonly #config: NomadConfig;
  readonly #client: NomadClient;
  readonly #jobs: JobApi;
  readonly #observer: Observer;
  readonly #hints: HintStream | null;
  /** null where no pool has machines. */
  readonly #boots: BootWatch | null;
  readonly #inSequence = createSequencer();
  readonly #random: () => number;
  #failuresInARow = 0;

  constructor(config: NomadConfig, random: () => number = Math.random) {
    const faults = configFaults(config);
    if (faults.length > 0) throw new Error(`the Nomad configuration is not usable: ${faults.join("; ")}`);
    this.#config = config;
    this.#random = random;
    this.#client = new NomadClient(config);
    this.#jobs = new JobApi(this.#client);
    this.#observer = new Observer(this.#jobs, config);
    this.#boots = createBootWatch(this.#jobs, config);
    this.#hints =
      config.onHint === null
        ? null
        : createHintStream(this.#client, {
            installation: config.installation,
            onHint: config.onHint,
            silenceMs: config.eventSilenceMs,
            random,
          });
  }

  /** Starts listening for hints. A Nomad that is away is no reason to fail: it is asked again with each call. */
  start(): Promise<void> {
    this.#hints?.start();
    return Promise.resolve();
  }

  async dispatch(request: DispatchRequest): Promise<DispatchResult> {
    const body = buildJobBody(this.#config, request);
    if (!body.ok) return { status: "refused", detail: body.refusal };
    return await this.#inSequence(request.attemptId, async () => {
      try {
        await this.#jobs.create(body.text);
      } catch (error) {
        if (!(error instanceof NomadError)) throw error;
        if (error.failure === "exists") return await this.#readBack(body.name, body.specSha);
        if (error.failure === "invalid") return { status: "refused", detail: error.message };
        return this.#unknown(error);
      }
      this.#failuresInARow = 0;
      return { status: "accepted", backendRef: body.name };
    });
  }

  async stop(request: StopRequest): Promise<StopResult> {
    return await this.#inSequence(request.attemptId, async () => {
      try {
        const result = await this.#stop(request.attemptId);
        this.#failuresInARow = 0;
        return result;
      } catch (error) {
        if (!(error instanceof NomadError)) throw error;
        return this.#unknown(error);
      }
    });
  }

  /** Throws NomadError when Nomad cannot be read: "nothing seen" and "could not look" are not the same. */
  async observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]> {
    const seen = await this.#observer.observe(attempts);
    return this.#boots === null ? seen : await this.#boots.judge(seen);
  }

  async list(cursor: string | null): Promise<RunnerPage> {
    return await this.#observer.list(cursor);
  }

  async lastWords(attempt: AttemptId): Promise<string | null> {
    return await readLastWords(this.#jobs, jobNameOf(this.#config.installation, attempt));
  }

  async close(): Promise<void> {
    await this.#hints?.close();
    await this.#client.close();
  }

  /** The name is taken: by an earlier try of this very request, or not. */
  async #readBack(name: string, specSha: string): Promise<DispatchResult> {
    let job: Awaited<ReturnType<JobApi["read"]>>;
    try {
      job = await this.#jobs.read(name);
    } catch (error) {
      if (!(error instanceof NomadError)) throw error;
      return this.#unknown(error);
    }
    if (job === null) {
      const detail = `Nomad refused job ${name} as existing, and then knew nothing of it`;
      return this.#unknown(new NomadError("unavailable", detail));
    }
    if (job.Stop) return { status: "refused", detail: `Nomad job ${name} has been stopped` };
    if (job.Meta?.[META_SPEC_SHA] !== specSha) {
      return { status: "refused", detail: `Nomad has a job ${name} that was made from another request` };
    }
    this.#failuresInARow = 0;
    return { status: "accepted", backendRef: name };
  }

  async #stop(attemptId: AttemptId): Promise<StopResult> {
    const name = jobNameOf(this.#config.installation, attemptId);
    const before = await this.#jobs.read(name);
    if (before === null) return await this.#takeName(attemptId);
    if (isTombstone(before)) return { status: "gone" };
    // A stopped job is not stopped again: each deregister costs Nomad an evaluation.
    if (!before.Stop) await this.#jobs.deregister(name);
    const job = before.Stop ? before : await this.#jobs.read(name);
    const allocations = await this.#jobs.allocations(name);
    const isDead = job === null || job.Status === "dead";
    return {
      status: isGone({ isStopped: true, isDead, allocations, evaluations: [] }) ? "gone" : "stopping",
    };
  }

  /** No job: an earlier register may still be on its way, so a stopped record takes its name. */
  async #takeName(attemptId: AttemptId): Promise<StopResult> {
    try {
      await this.#jobs.create(buildTombstone(this.#config, attemptId));
      return { status: "gone" };
    } catch (error) {
      // A late register has just landed: the next repetition stops it.
      if (error instanceof NomadError && error.failure === "exists") return { status: "stopping" };
      throw error;
    }
  }

  #unknown(error: NomadError): Extract<DispatchResult & StopResult, { status: "unknown" }> {
    this.#failuresInARow += 1;
    const isForOperators = error.failure === "denied" || error.failure === "disabled";
    const retryAfterMs =
      error.retryAfterMs ??
      (isForOperators ? OPERATOR_DELAY_MS : backoffMs(this.#failuresInARow, this.#random));
    return { status: "unknown", detail: error.message, retryAfterMs };
  }
}

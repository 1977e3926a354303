import type {
  Dispatcher,
  DispatchRequest,
  DispatchResult,
  Observation,
  RunnerPage,
  StopRequest,
  StopResult,
} from "../../schemas/dispatcher.ts";
import type { AttemptId } from "../../schemas/ids.ts";

interface FakeRunner {
  readonly request: DispatchRequest;
  state: "running" | "stopping" | "exited";
  exitCode: number | null;
}

/** What outlives a control plane: the runners of a backend in memory. */
export class FakeBackend {
  readonly runners = new Map<AttemptId, FakeRunner>();
  /** Every start of a runner, in order. */
  readonly starts: DispatchRequest[] = [];
  /** Answers given before the real one, oldest first, to any dispatch. */
  readonly nextDispatchResults: DispatchResult[] = [];
  /** A stop takes effect at the next look instead of at once. */
  slowStops = true;

  /** The runner of an attempt ends by itself. */
  finish(attemptId: AttemptId, exitCode: number): void {
    const runner = this.runners.get(attemptId);
    if (runner === undefined) throw new Error(`no runner of ${attemptId}`);
    runner.state = "exited";
    runner.exitCode = exitCode;
  }
}

/** A dispatcher without processes, held to the same contract as the real ones. */
export class FakeDispatcher implements Dispatcher {
  readonly name = "fake";
  readonly #backend: FakeBackend;

  constructor(backend: FakeBackend = new FakeBackend()) {
    this.#backend = backend;
  }

  async start(): Promise<void> {}

  async dispatch(request: DispatchRequest): Promise<DispatchResult> {
    const scripted = this.#backend.nextDispatchResults.shift();
    if (scripted !== undefined) return scripted;
    if (!this.#backend.runners.has(request.attemptId)) {
      this.#backend.runners.set(request.attemptId, { request, state: "running", exitCode: null });
      this.#backend.starts.push(request);
    }
    return { status: "accepted", backendRef: `fake:${request.attemptId}` };
  }

  async stop({ attemptId }: StopRequest): Promise<StopResult> {
    const runner = this.#backend.runners.get(attemptId);
    if (runner === undefined || runner.state === "exited") return { status: "gone" };
    const first = runner.state === "running";
    runner.state = first && this.#backend.slowStops ? "stopping" : "exited";
    return runner.state === "exited" ? { status: "gone" } : { status: "stopping" };
  }

  async observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]> {
    return attempts.map((attemptId) => {
      const runner = this.#backend.runners.get(attemptId);
      const exited = runner?.state === "exited";
      return {
        attemptId,
        state: runner === undefined ? "absent" : exited ? "exited" : "running",
        detail: exited ? "the runner has ended" : null,
        exitCode: runner?.exitCode ?? null,
        outOfMemory: false,
      };
    });
  }

  async list(): Promise<RunnerPage> {
    const live = [...this.#backend.runners].filter(([, { state }]) => state !== "exited");
    const attempts = live.map(([attemptId]) => attemptId).sort();
    return { attempts, changed: attempts, upTo: null, next: null };
  }

  async lastWords(): Promise<string | null> {
    return null;
  }

  async close(): Promise<void> {}
}

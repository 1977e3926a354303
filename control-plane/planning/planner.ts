import { fork, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type {
  PlanningAnswer,
  PlanningOrder,
  PlanningRequest,
  PlanningResult,
  PlanningRules,
} from "./planning-messages.ts";

/** Reading and compiling a commit of the largest repositories takes seconds; past this it hangs. */
const PLANNING_TIMEOUT_MS = 60_000;
/** Two commits at once keep a second repository from waiting behind a large one. */
const CHILDREN_MAX = 2;
/** Enough for 5,000 jobs and for a tree of two million files, past which none is read; a document that wants more ends its own process. */
const CHILD_HEAP_MEGABYTES = 1_024;

/**
 * crashed and timed_out: the planning process ended or was ended; the same commit would most likely do
 * it again. unreadable: so would a commit that is damaged or too large. failed: the repository could not be read;
 * a later try may succeed.
 */
export type PlannerErrorKind = "crashed" | "timed_out" | "unreadable" | "failed";

export class PlannerError extends Error {
  readonly kind: PlannerErrorKind;

  constructor(kind: PlannerErrorKind, message: string) {
    super(message);
    this.name = "PlannerError";
    this.kind = kind;
  }
}

export interface Planner {
  /** Throws PlannerError. Mistakes in the pipeline are diagnostics of the result. */
  plan(request: PlanningRequest): Promise<PlanningResult>;
  /** Ends the processes; plans under way fail. Safe when repeated. */
  stop(): Promise<void>;
}

export interface PlannerSettings {
  readonly timeoutMs?: number;
  readonly rules?: PlanningRules;
  /** The program to run as planning process; a test puts a broken one in its place. */
  readonly program?: string;
}

interface Turn {
  readonly request: PlanningRequest;
  readonly resolve: (result: PlanningResult) => void;
  readonly reject: (error: PlannerError) => void;
}

/** Plans commits in processes of their own, which are kept warm. Nothing starts before the first plan. */
export function createPlanner(settings: PlannerSettings = {}): Planner {
  return new ChildPlanner(
    settings.timeoutMs ?? PLANNING_TIMEOUT_MS,
    settings.program ?? fileURLToPath(beside("planner-child")),
    settings.rules ?? {},
  );
}

/** A process is idle or carries out one turn; one that ended is forgotten, and the next turn starts another. */
class ChildPlanner implements Planner {
  readonly #timeoutMs: number;
  readonly #program: string;
  readonly #rules: PlanningRules;
  readonly #waiting: Turn[] = [];
  readonly #idle = new Set<ChildProcess>();
  readonly #alive = new Set<ChildProcess>();
  #stopped = false;
  #orders = 0;

  constructor(timeoutMs: number, program: string, rules: PlanningRules) {
    this.#timeoutMs = timeoutMs;
    this.#program = program;
    this.#rules = rules;
  }

  plan(request: PlanningRequest): Promise<PlanningResult> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) {
        reject(new PlannerError("failed", "the control plane is stopping"));
        return;
      }
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new PlannerError("failed", "the control plane is stopping"));
    }
    await Promise.all(
      [...this.#alive].map(async (child) => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.ref();
        killGroup(child);
        await ended;
      }),
    );
  }

  #next(): void {
    if (this.#stopped || this.#waiting.length === 0) {
      return;
    }
    const [idle] = this.#idle;
    const child = idle ?? (this.#alive.size < CHILDREN_MAX ? this.#start() : null);
    const turn = child === null ? undefined : this.#waiting.shift();
    if (child !== null && turn !== undefined) {
      this.#idle.delete(child);
      this.#carryOut(child, turn);
    }
  }

  #start(): ChildProcess {
    const child = fork(this.#program, {
      serialization: "advanced",
      execArgv: [
        `--max-old-space-size=${CHILD_HEAP_MEGABYTES}`,
        // Whatever the program does, it ends when this process is gone.
        `--import=${beside("parent-watch").href}`,
      ],
      // No database address, no credentials: what it reads is somebody else's.
      env: {
        ...pick(process.env, ["PATH", "HOME", "TMPDIR", "NODE_COMPILE_CACHE"]),
        DELTA_PARENT_PID: String(process.pid),
      },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // A group of its own, which ends as a whole: git may be in the middle of a long comparison.
      detached: true,
    });
    this.#alive.add(child);
    child.once("exit", () => {
      killGroup(child);
      this.#alive.delete(child);
      this.#idle.delete(child);
      this.#next();
    });
    return child;
  }

  #carryOut(child: ChildProcess, turn: Turn): void {
    const order: PlanningOrder = { id: ++this.#orders, request: turn.request, rules: this.#rules };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, this.#timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onEnd).off("error", onEnd);
    };
    const onMessage = (answer: PlanningAnswer) => {
      settle();
      // An idle process does not keep this one alive.
      child.channel?.unref();
      child.unref();
      this.#idle.add(child);
      if (answer.ok) {
        turn.resolve(answer.result);
      } else {
        turn.reject(new PlannerError(answer.unreadable ? "unreadable" : "failed", answer.message));
      }
      this.#next();
    };
    const onEnd = () => {
      settle();
      const late = `planning took longer than ${this.#timeoutMs / 1000} s and was ended`;
      turn.reject(
        timedOut
          ? new PlannerError("timed_out", late)
          : new PlannerError("crashed", "the planning process ended before it answered"),
      );
    };
    child.on("message", onMessage).on("exit", onEnd).on("error", onEnd);
    child.ref();
    child.channel?.ref();
    child.send(order, (error) => {
      if (error !== null) {
        killGroup(child);
      }
    });
  }
}

/** Ends a planning process with every git it started; what is left of them when it ended by itself. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left.
  }
}

/** The built programs lie beside this one under the same names, as JavaScript. */
function beside(name: string): URL {
  return new URL(`./${name}${extname(import.meta.url)}`, import.meta.url);
}

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PlanningAnswer, PlanningOrder, PlanningRequest, PlanningResult } from "./planning-messages.ts";

/** Reading and compiling a commit of the largest repositories takes seconds; past this it hangs. */
const PLANNING_TIMEOUT_MS = 60_000;
/** Two commits at once keep a second repository from waiting behind a large one. */
const CHILDREN_MAX = 2;
/** Enough for 5,000 jobs and a tree of a million files; a document that wants more ends its own process. */
const CHILD_HEAP_MEGABYTES = 1_024;

/**
 * crashed and timed_out: the planning process ended or was ended; the same commit would most likely do
 * it again. failed: the repository could not be read; a later try may succeed.
 */
export type PlannerErrorKind = "crashed" | "timed_out" | "failed";

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
  const { timeoutMs = PLANNING_TIMEOUT_MS, program = CHILD_PROGRAM } = settings;
  const waiting: Turn[] = [];
  const idle: ChildProcess[] = [];
  const alive = new Set<ChildProcess>();
  let stopped = false;
  let orders = 0;

  function start(): ChildProcess {
    const child = fork(program, {
      serialization: "advanced",
      execArgv: [`--max-old-space-size=${CHILD_HEAP_MEGABYTES}`],
      // No database address, no credentials: what it reads is somebody else's.
      env: pick(process.env, ["PATH", "HOME", "TMPDIR", "NODE_COMPILE_CACHE"]),
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    alive.add(child);
    child.once("exit", () => {
      alive.delete(child);
      const at = idle.indexOf(child);
      if (at >= 0) {
        idle.splice(at, 1);
      }
      next();
    });
    return child;
  }

  function next(): void {
    if (stopped || waiting.length === 0) {
      return;
    }
    const child = idle.pop() ?? (alive.size < CHILDREN_MAX ? start() : null);
    const turn = child === null ? undefined : waiting.shift();
    if (child !== null && turn !== undefined) {
      carryOut(child, turn);
    }
  }

  function carryOut(child: ChildProcess, turn: Turn): void {
    const order: PlanningOrder = { id: ++orders, request: turn.request };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onEnd);
      child.off("error", onEnd);
    };
    const onMessage = (answer: PlanningAnswer) => {
      settle();
      child.channel?.unref();
      child.unref();
      idle.push(child);
      if (answer.ok) {
        turn.resolve(answer.result);
      } else {
        turn.reject(new PlannerError("failed", answer.message));
      }
      next();
    };
    const onEnd = () => {
      settle();
      turn.reject(
        timedOut
          ? new PlannerError("timed_out", `planning took longer than ${timeoutMs / 1000} s and was ended`)
          : new PlannerError("crashed", "the planning process ended before it answered"),
      );
    };
    child.on("message", onMessage);
    child.on("exit", onEnd);
    child.on("error", onEnd);
    child.ref();
    child.channel?.ref();
    child.send(order, (error) => {
      if (error !== null) {
        child.kill("SIGKILL");
      }
    });
  }

  return {
    plan: (request) =>
      new Promise((resolve, reject) => {
        if (stopped) {
          reject(new PlannerError("failed", "the control plane is stopping"));
          return;
        }
        waiting.push({ request, resolve, reject });
        next();
      }),
    async stop() {
      stopped = true;
      for (const { reject } of waiting.splice(0)) {
        reject(new PlannerError("failed", "the control plane is stopping"));
      }
      await Promise.all(
        [...alive].map(async (child) => {
          const ended = new Promise((resolve) => child.once("exit", resolve));
          child.ref();
          child.kill("SIGKILL");
          await ended;
        }),
      );
    },
  };
}

/** The built program lies beside this one under the same name, as JavaScript. */
const CHILD_PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./planner-child.ts" : "./planner-child.js", import.meta.url),
);

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

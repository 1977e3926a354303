import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalProcessDispatcher } from "../../control-plane/dispatchers/local-process.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { readProcess } from "../../runner/processes/process-table.ts";
import { RUNNER_LAUNCHER } from "./runner-process.ts";

/** Folders and a launcher that keeps a list of its starts, so that a case can count runners by itself. */
export class LocalProcessWorld {
  readonly folder = mkdtempSync(join(tmpdir(), "delta-local-process-"));
  readonly runtimeFolder = join(this.folder, "runtime");
  readonly workspaceRoot = join(this.folder, "workspaces");
  readonly launcher = join(this.folder, "launcher.mjs");
  readonly warnings: string[] = [];
  readonly #starts = join(this.folder, "starts");
  readonly #dispatchers: LocalProcessDispatcher[] = [];

  constructor() {
    writeFileSync(
      this.launcher,
      `import { appendFileSync } from "node:fs";
       if (process.argv[2] === "run") appendFileSync(${JSON.stringify(this.#starts)}, process.pid + "\\n");
       await import(${JSON.stringify(RUNNER_LAUNCHER)});`,
    );
  }

  /** A new dispatcher on the same folders. Closed at the end. */
  async open(): Promise<LocalProcessDispatcher> {
    const { runtimeFolder, workspaceRoot, launcher } = this;
    const warn = (line: string): number => this.warnings.push(line);
    const dispatcher = new LocalProcessDispatcher({ runtimeFolder, workspaceRoot, launcher, warn });
    this.#dispatchers.push(dispatcher);
    await dispatcher.start();
    return dispatcher;
  }

  /** Pids of the runners that were started for an attempt. */
  pids(attemptId: AttemptId): number[] {
    const all = existsSync(this.#starts) ? readFileSync(this.#starts, "utf8").trim().split("\n") : [];
    return all.map(Number).filter((pid) => this.#owners(pid).has(attemptId));
  }

  running(attemptId: AttemptId): number {
    return this.pids(attemptId).filter((pid) => readProcess(pid) !== null).length;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  readonly #seen = new Map<number, Set<string>>();

  /** A runner carries its attempt in its title while it runs; what was seen once is kept. */
  #owners(pid: number): ReadonlySet<string> {
    const owners = this.#seen.get(pid) ?? new Set();
    this.#seen.set(pid, owners);
    try {
      const title = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const [, attemptId] = /^delta-runner ([0-9a-f-]{36})/.exec(title) ?? [];
      if (attemptId !== undefined) owners.add(attemptId);
    } catch {
      // It has ended; what was seen before stands.
    }
    return owners;
  }
}

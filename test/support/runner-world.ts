import { expect } from "vitest";
import type { RunnerConfig } from "../../schemas/runner-config.ts";
import { ControlPlaneStandIn, type StandInOptions } from "./control-plane-stand-in.ts";
import { spawnRunner, startRunner, type RunnerProcess } from "./runner-process.ts";
import { makeSourceRepository, type SourceFiles, type SourceRepository } from "./source-repository.ts";

export interface WorldOptions extends Omit<StandInOptions, "repository"> {
  readonly files?: SourceFiles;
  readonly objectFormat?: string;
  /** Commits below the one that is checked out. */
  readonly earlierCommits?: number;
  readonly config?: Partial<RunnerConfig>;
  /** Environment of the runner process beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What one case needs: a repository, a stand-in for the control plane and a runner; all of it removed after. */
export class RunnerWorld {
  commit = "";
  readonly #planes: ControlPlaneStandIn[] = [];
  readonly #runners: RunnerProcess[] = [];
  readonly #repositories: SourceRepository[] = [];

  async plane(options: WorldOptions): Promise<ControlPlaneStandIn> {
    const repository = makeSourceRepository(
      options.files ?? { "file.txt": "text\n" },
      options.objectFormat,
      options.earlierCommits,
    );
    this.#repositories.push(repository);
    this.commit = repository.commit;
    const plane = await ControlPlaneStandIn.start({ ...options, repository });
    this.#planes.push(plane);
    return plane;
  }

  start(plane: ControlPlaneStandIn, options: Partial<WorldOptions> = {}): RunnerProcess {
    const runner = startRunner(plane, options.config, options.environment);
    this.#runners.push(runner);
    return runner;
  }

  /** A runner that is told where its configuration is, as Nomad's client does. */
  startWithFile(file: string): RunnerProcess {
    const runner = spawnRunner(["run", "--config", file], `${file}.workspaces`);
    this.#runners.push(runner);
    return runner;
  }

  async run(options: WorldOptions): Promise<{ plane: ControlPlaneStandIn; runner: RunnerProcess }> {
    const plane = await this.plane(options);
    return { plane, runner: this.start(plane, options) };
  }

  /** Ends everything, and fails the case when the runner ever broke the protocol. */
  async cleanUp(): Promise<void> {
    const violations = this.#planes.flatMap((plane) => plane.violations);
    for (const runner of this.#runners.splice(0)) runner.remove();
    await Promise.all(this.#planes.splice(0).map((plane) => plane.stopListening()));
    for (const repository of this.#repositories.splice(0)) repository.remove();
    expect(violations).toEqual([]);
  }
}

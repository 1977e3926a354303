import type { LocalRunRequest, RunView } from "../../schemas/api.ts";
import type { ApiClient } from "../api-client.ts";
import {
  compileHere,
  plannedOf,
  refuseUnknownJobs,
  type Compiled,
  type CompileRequest,
} from "../compile-here.ts";
import { EXIT } from "../exit-codes.ts";
import { CliFailure } from "../failure.ts";
import { watchInterruption, type Interruption } from "../interruption.ts";
import { writeData, writeTalk } from "../output.ts";
import { followRun } from "../progress/follow-run.ts";
import { openProgress } from "../progress/progress.ts";
import { openHere } from "../repository.ts";
import { openControlPlane, type RunControlPlane } from "./control-plane.ts";
import { printRunEnd } from "./run-summary.ts";
import { talkDiagnostics } from "../talk-diagnostics.ts";

export interface RunAnswer {
  readonly version: 1;
  readonly digest: string | null;
  /** Null when there was nothing to run. */
  readonly run: RunView | null;
}

interface RunRequest extends CompileRequest {
  /** List every job at the end, however many there are. */
  readonly full: boolean;
  readonly json: boolean;
}

/** Plans the change, carries it out, shows it, and sets the exit code. */
export async function runHere(request: RunRequest): Promise<RunAnswer> {
  const compiled = await compileHere(request);
  refuseUnknownJobs(compiled.result);
  const planned = plannedOf(compiled.result);
  if (!request.json) await talkDiagnostics(compiled.result.diagnostics, compiled.sources);
  if (planned === null) {
    process.exitCode = EXIT.findings;
    return { version: 1, digest: null, run: null };
  }
  const { digest, plan } = planned;
  if (plan.jobs.length === 0) {
    if (!request.json)
      writeData("nothing to run: no job is selected for this change (`delta plan` says why)");
    return { version: 1, digest, run: null };
  }
  const run = await carryOut(await localRequest(compiled, request), request);
  return { version: 1, digest, run };
}

async function localRequest({ input }: Compiled, request: CompileRequest): Promise<LocalRunRequest> {
  const { path } = await openHere();
  return {
    repository_path: path,
    head: input.head.commit,
    base: request.base === undefined ? null : input.changes.base,
    ref: input.event.ref,
    default_branch: input.event.default_branch,
    jobs: [...request.jobs],
    all: request.all,
  };
}

async function carryOut(
  request: LocalRunRequest,
  { limits, policy, full, json }: Pick<RunRequest, "limits" | "policy" | "full" | "json">,
): Promise<RunView> {
  const interruption = watchInterruption();
  const controlPlane = await openControlPlane({ limits, policy });
  try {
    const client = await controlPlane.client();
    const started = await client.start(request);
    const run = await watch(controlPlane, started, interruption, json);
    if (!json) await printRunEnd(await controlPlane.client(), run, full);
    process.exitCode = interruption.exitCode() ?? (run.state === "succeeded" ? EXIT.fine : EXIT.findings);
    return run;
  } finally {
    await controlPlane.close();
    interruption.close();
  }
}

/** Follows the run to its end. The first interruption cancels it, the second stops waiting for that. */
async function watch(
  controlPlane: RunControlPlane,
  started: RunView,
  interruption: Interruption,
  json: boolean,
): Promise<RunView> {
  const progress = json ? null : await openProgress();
  const cancel = (): void => {
    progress?.note("Canceling; the jobs are being stopped. Ctrl-C again stops them at once.");
    void controlPlane
      .client()
      .then((client: ApiClient) => client.cancel(started.id))
      .catch(ignoreEnded);
  };
  interruption.first.addEventListener("abort", cancel, { once: true });
  if (interruption.first.aborted) cancel();
  try {
    return await followRun({
      id: started.id,
      client: () => controlPlane.client(),
      quiet: json,
      signal: interruption.second,
      ...(progress === null ? {} : { progress }),
    });
  } catch (error) {
    if (!interruption.second.aborted) throw error;
    throw new CliFailure(
      "interrupted",
      "stopped without waiting for the run to end",
      `delta runs show ${started.id}`,
    );
  } finally {
    progress?.close();
  }
}

/** The run may end by itself while it is being canceled; anything else shows in what follows. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof CliFailure && error.code === "refused"))
    writeTalk(`delta: cancel: ${String(error)}`);
}

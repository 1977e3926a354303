import { createHash } from "node:crypto";
import { ForgeError, type Forge } from "../../schemas/forge.ts";
import type { CheckId, RunId } from "../../schemas/ids.ts";
import { desiredChecks, RUN_CHECK_NAME, type DesiredCheck } from "../checks/check-model.ts";
import { newId } from "../clock.ts";
import {
  claimReporting,
  ensureCheckRows,
  holdReporting,
  recordReported,
  recordReportFailure,
  type CheckRow,
} from "../db/checks.ts";
import type { Database } from "../db/client.ts";
import { findRunToReport, type RepositoryRow } from "../db/sources.ts";
import { reportDone, reportLater } from "../lifecycle/index.ts";
import { readRunView } from "../views/read-run-view.ts";
import type { TaskLog } from "./context.ts";

/** One control plane reports a run at a time; a killed one is replaced after this. Longer than one check takes. */
const CLAIM_MS = 60_000;
/** Between two reports of one run: changes in between are told together. */
const SPACING_MS = 1_000;
/** Checks told at once; the forge wants few requests in parallel. */
const AT_ONCE = 4;
const PAUSE_MS = 2_000;
const PAUSE_MS_MAX = 5 * 60_000;
/** With pauses of five minutes: about a day of trying before a check is given up. */
const TRIES_MAX = 300;

export interface ReportCheckContext {
  readonly database: Database;
  /** null when no GitHub App is configured. */
  readonly github: Forge | null;
  /** Where people reach this control plane. */
  readonly publicUrl: string;
  readonly log: TaskLog;
}

/**
 * Makes the forge show the state of a run. Each check is told only when its content differs from
 * what was last told. Repeating it is harmless: a check whose creation got no answer is looked up
 * by its external id, which is its row's id.
 */
export async function reportCheck(context: ReportCheckContext, runId: string): Promise<void> {
  const { database, github } = context;
  const id = runId as RunId;
  const run = await findRunToReport(database, id);
  if (run === null) {
    return;
  }
  if (github === null || run.repository.forge !== "github") {
    await reportDone(database, id, run.version);
    return;
  }
  await ensureCheckRows(database, id, [{ id: newId<CheckId>(), jobId: null, name: RUN_CHECK_NAME }]);
  if (!(await claimReporting(database, id, CLAIM_MS))) {
    await reportLater(database, id, SPACING_MS);
    return;
  }
  try {
    await report(context, github, id, run.repository);
  } finally {
    await holdReporting(database, id, SPACING_MS);
  }
}

async function report(
  context: ReportCheckContext,
  github: Forge,
  id: RunId,
  repository: RepositoryRow,
): Promise<void> {
  const { database, publicUrl } = context;
  const run = await readRunView(database, id);
  if (run === null) {
    return;
  }
  const desired = desiredChecks(run.view, run.plan, `${publicUrl}/runs/${id}`);
  const wanted = desired.map(({ jobId, check }) => ({ id: newId<CheckId>(), jobId, name: check.name }));
  const rows = new Map((await ensureCheckRows(database, id, wanted)).map((row) => [row.jobId, row]));
  const due = desired.flatMap((check): Due[] => {
    const row = rows.get(check.jobId);
    const sha256 = digestOf(check);
    return row === undefined || row.abandoned || row.reportedSha256 === sha256
      ? []
      : [{ row, check, sha256 }];
  });
  let waitMs = 0;
  for (let at = 0; at < due.length && waitMs === 0; at += AT_ONCE) {
    await holdReporting(database, id, CLAIM_MS);
    const batch = due.slice(at, at + AT_ONCE);
    const waits = await Promise.all(
      batch.map((each) => tell(context, github, repository, run.version, each)),
    );
    waitMs = Math.max(...waits);
  }
  if (waitMs === 0) {
    await reportDone(database, id, run.version);
  } else {
    await reportLater(database, id, waitMs);
  }
}

interface Due {
  readonly row: CheckRow;
  readonly check: DesiredCheck;
  readonly sha256: string;
}

/** Tells the forge one check. Returns how long to wait before trying again; 0 when it is told or given up. */
async function tell(
  { database, log }: ReportCheckContext,
  github: Forge,
  repository: RepositoryRow,
  version: number,
  { row, check, sha256 }: Due,
): Promise<number> {
  try {
    const request = { ...check.check, externalId: row.id };
    const forgeCheckId = await github.upsertCheck(repository, request, row.forgeCheckId);
    await recordReported(database, row.id, { forgeCheckId, version, sha256 });
    return 0;
  } catch (error) {
    if (!(error instanceof ForgeError)) {
      throw error;
    }
    const final = error.kind === "gone" || error.kind === "rejected" || row.tries + 1 >= TRIES_MAX;
    const { message, kind } = error;
    log[final ? "error" : "warn"](
      { check: row.id, name: check.check.name, repository: repository.fullName, kind, tries: row.tries + 1 },
      final ? `a check was given up: ${message}` : `a check could not be told: ${message}`,
    );
    await recordReportFailure(database, row.id, { message, abandoned: final });
    const pauseMs = Math.min(PAUSE_MS * 2 ** Math.min(row.tries, 10), PAUSE_MS_MAX);
    return final ? 0 : Math.max(pauseMs, error.retryAfterMs ?? 0);
  }
}

function digestOf({ check }: DesiredCheck): string {
  return createHash("sha256").update(JSON.stringify(check)).digest("hex");
}

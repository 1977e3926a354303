import type { RunList } from "../../schemas/api.ts";
import type { Connection } from "../db/client.ts";
import { listRunRows } from "../db/run-rows.ts";
import { runSummaryView } from "./run-view.ts";

/** One page of runs, newest first. */
export async function listRuns(
  connection: Connection,
  page: { readonly limit: number; readonly before: string | null; readonly repository: string | null },
): Promise<RunList> {
  // One more than asked for tells whether there is a next page.
  const rows = await listRunRows(connection, { ...page, limit: page.limit + 1 });
  const shown = rows.slice(0, page.limit);
  return {
    version: 1,
    runs: shown.map(runSummaryView),
    next: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

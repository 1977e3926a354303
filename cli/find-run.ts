import type { RunSummaryView } from "../schemas/api.ts";
import { isUuid } from "../schemas/ids.ts";
import type { ApiClient } from "./api-client.ts";
import { CliFailure } from "./failure.ts";

/** How far back a run is looked for by its number. */
const RUNS_SEARCHED_MAX = 1_000;
const PAGE = 100;

/**
 * The id of the run that a person named: its id, the start of its id, its number, or `latest`.
 * Throws `usage` when the word fits more than one run, `not_found` when it fits none.
 */
export async function findRunId(client: ApiClient, word: string): Promise<string> {
  if (isUuid(word)) return word;
  const fits = fitting(word);
  const found: RunSummaryView[] = [];
  let before: string | undefined;
  for (let searched = 0; searched < RUNS_SEARCHED_MAX; searched += PAGE) {
    const page = await client.runs({ limit: PAGE, before });
    found.push(...page.runs.filter(fits));
    if (page.next === null || (word === "latest" && found.length > 0)) break;
    before = page.next;
  }
  const [first, second] = found;
  if (first === undefined)
    throw new CliFailure("not_found", `there is no run ${word}`, "`delta runs list` shows them.");
  if (second !== undefined && word !== "latest") {
    const which = found.map((run) => `${run.id} (${run.repository})`).join(", ");
    throw new CliFailure("usage", `${word} fits ${found.length} runs: ${which}`, "Give more of the id.");
  }
  return first.id;
}

function fitting(word: string): (run: RunSummaryView) => boolean {
  if (word === "latest") return () => true;
  const number = /^#?(\d{1,7})$/.exec(word)?.[1];
  if (number !== undefined) return (run) => run.number === Number(number);
  if (/^[0-9a-f-]{8,36}$/.test(word)) return (run) => run.id.startsWith(word);
  throw new CliFailure("usage", `${JSON.stringify(word)} is no run: give an id, a number or \`latest\``);
}

import type { Octokit } from "octokit";
import type { TriedDelivery } from "../../../schemas/forge.ts";

/** GitHub's most. */
const PER_PAGE = 100;
/** A list that never ends is an error of the far end; GitHub remembers three days. */
const PAGES_MAX = 100;

/** The newest are listed first. */
export async function gitHubDeliveriesSince(
  octokit: Octokit,
  sinceMs: number,
): Promise<readonly TriedDelivery[]> {
  const found: TriedDelivery[] = [];
  let pages = 0;
  const all = octokit.paginate.iterator("GET /app/hook/deliveries", { per_page: PER_PAGE });
  for await (const { data } of all) {
    const tried = data.map(({ id, guid, delivered_at }) => ({
      id: String(id),
      key: guid,
      triedAtMs: Date.parse(delivered_at),
    }));
    const recent = tried.filter(({ triedAtMs }) => triedAtMs >= sinceMs);
    found.push(...recent);
    pages += 1;
    if (recent.length < tried.length || pages === PAGES_MAX) break;
  }
  return found;
}

export async function redeliverFromGitHub(octokit: Octokit, id: string): Promise<void> {
  await octokit.request("POST /app/hook/deliveries/{delivery_id}/attempts", { delivery_id: Number(id) });
}

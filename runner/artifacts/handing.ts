import type { AttemptPlace } from "../attempt-place.ts";
import type { LeaseClient } from "../protocol/client.ts";

/** What files are handed from job to job with. */
export interface Handing {
  readonly place: AttemptPlace;
  readonly client: LeaseClient;
  readonly lost: AbortSignal;
}

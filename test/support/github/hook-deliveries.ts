import type { components } from "@octokit/openapi-types";
import { deliver, type Delivery } from "./deliveries.ts";

/** What GitHub lists of one try, by its own names. */
export type HookDeliveryItem = components["schemas"]["hook-delivery-item"];

/** The App's webhook: where it goes, what was tried, and trying again. */
export class HookDeliveries {
  /** Where the App's webhooks are sent. */
  target = "";
  /** So long ago is when what is sent now was sent. */
  ageMs = 0;
  readonly #secret: string;
  readonly #nowMs: () => number;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #tries: { readonly item: HookDeliveryItem; readonly delivery: Delivery }[] = [];

  constructor(secret: string, nowMs: () => number) {
    this.#secret = secret;
    this.#nowMs = nowMs;
  }

  /** Tries to deliver, and remembers how it went. A server that is away is no error here. */
  async send(delivery: Delivery, redelivery = false): Promise<number> {
    const answer = await deliver(this.target, this.#secret, delivery).catch(() => null);
    const item: HookDeliveryItem = {
      id: this.#tries.length + 1,
      guid: delivery.id,
      delivered_at: new Date(this.#nowMs() - this.ageMs).toISOString(),
      redelivery,
      duration: 0.1,
      status: answer === null ? "failed to connect to host" : answer.statusText,
      status_code: answer?.status ?? 502,
      event: delivery.event,
      action: null,
      installation_id: null,
      repository_id: null,
    };
    this.#tries.push({ item, delivery });
    return item.status_code;
  }

  /** Newest first. */
  list(): readonly HookDeliveryItem[] {
    return this.#tries.map(({ item }) => item).toReversed();
  }

  /** False when there was no such try. */
  again(id: number): boolean {
    const tried = this.#tries.find(({ item }) => item.id === id);
    if (tried === undefined) return false;
    const sending = this.send(tried.delivery, true).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    return true;
  }

  /** Resolves when every delivery that was asked for again has been tried. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}

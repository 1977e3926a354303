import { createHmac, timingSafeEqual } from "node:crypto";
import type { DeliveryIdentity } from "../../../schemas/forge.ts";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** GitHub sends a UUID; other senders of its format send something like it. */
const DELIVERY_KEY = /^[A-Za-z0-9-]{1,128}$/;
const EVENT_NAME = /^[a-z_]{1,64}$/;
const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

/** True when the header carries the HMAC of exactly these bytes. Takes the same time whichever byte differs. */
export function signatureHolds(secret: string, rawBody: Uint8Array, headers: Headers): boolean {
  const given = SIGNATURE.exec(one(headers["x-hub-signature-256"]))?.[1];
  if (given === undefined) {
    return false;
  }
  const expected = createHmac("sha256", secret).update(rawBody).digest();
  return timingSafeEqual(expected, Buffer.from(given, "hex"));
}

/** The delivery's key and event name; null when a header is missing, doubled or malformed. */
export function deliveryIdentity(headers: Headers): DeliveryIdentity | null {
  const key = one(headers["x-github-delivery"]);
  const eventName = one(headers["x-github-event"]);
  return DELIVERY_KEY.test(key) && EVENT_NAME.test(eventName) ? { key, eventName } : null;
}

function one(header: string | string[] | undefined): string {
  return typeof header === "string" ? header : "";
}

/**
 * Branded identifiers: a string that has passed the check for one kind of thing.
 * Row ids are UUIDv7, so they sort by creation time; the time in them is never used for a decision.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type RepositoryId = Branded<"RepositoryId">;
export type DeliveryId = Branded<"DeliveryId">;
export type RunId = Branded<"RunId">;
export type JobId = Branded<"JobId">;
export type AttemptId = Branded<"AttemptId">;
export type LeaseId = Branded<"LeaseId">;
export type CheckId = Branded<"CheckId">;
export type PlanDigest = Branded<"PlanDigest">;

export const UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

const uuidExpression = new RegExp(UUID_PATTERN);

/** True for a lower-case UUID; the check every id from outside passes before it reaches SQL. */
export function isUuid(text: string): boolean {
  return uuidExpression.test(text);
}

/**
 * A new UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits.
 * Time and randomness are passed in, so that a simulation can replay them.
 */
export function uuidV7(nowMs: number, randomBytes: (size: number) => Uint8Array): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(nowMs) << 16n);
  bytes.set(randomBytes(10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

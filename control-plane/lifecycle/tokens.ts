import { createHash, createHmac, type KeyObject, randomBytes } from "node:crypto";

/** 256 random bits in base64url. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

/** The hash under which a token is stored; the token itself is never written down. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/**
 * The proof a dispatched runner claims with. Derived from the attempt and the server's key, so that
 * a dispatch that is repeated after a crash hands out the same one; nobody without the key can make it.
 */
export function claimToken(serverKey: KeyObject, attemptId: string): string {
  return createHmac("sha256", serverKey).update(`claim ${attemptId}`).digest("base64url");
}

import { createPublicKey, generateKeyPairSync, verify, type KeyObject } from "node:crypto";

/** The GitHub App that the stand-in knows: its id, and the key pair that signs its JWTs. */
export interface AppIdentity {
  readonly appId: string;
  /** PEM, as GitHub hands it to the owner of an App. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
}

/** GitHub refuses a token that lives longer than ten minutes. */
const JWT_SECONDS_MAX = 600;
/** GitHub allows the clocks to differ a little. */
const CLOCK_SKEW_SECONDS = 60;

export function createAppIdentity(appId: string): AppIdentity {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  return { appId, privateKey, publicKey: createPublicKey(privateKey) };
}

/** Why GitHub would refuse this `authorization` header as an App's; null when it holds. */
export function faultOfAppJwt(
  authorization: string | undefined,
  app: AppIdentity,
  nowMs: number,
): string | null {
  const [header, payload, signature] = /^bearer (.+)$/i.exec(authorization ?? "")?.[1]?.split(".") ?? [];
  if (header === undefined || payload === undefined || signature === undefined) return "no JWT";
  const algorithm = decode(header)["alg"];
  if (algorithm !== "RS256") return `the JWT is signed with ${String(algorithm)}, not RS256`;
  const genuine = verify(
    "RSA-SHA256",
    Buffer.from(`${header}.${payload}`),
    app.publicKey,
    Buffer.from(signature, "base64url"),
  );
  if (!genuine) return "a JSON web token could not be decoded";
  const { iss, iat, exp } = decode(payload);
  if (String(iss) !== app.appId) return "'Issuer' claim ('iss') must be the App's id";
  if (typeof iat !== "number" || typeof exp !== "number") return "'iat' and 'exp' must be integers";
  const now = nowMs / 1000;
  if (iat > now + CLOCK_SKEW_SECONDS) return "'Issued at' claim ('iat') is in the future";
  if (exp <= now - CLOCK_SKEW_SECONDS) return "the JWT has expired";
  if (exp > now + JWT_SECONDS_MAX) return "'Expiration time' claim ('exp') is too far in the future";
  return null;
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GitHubStandIn } from "./stand-in.ts";

/** The environment of a control plane whose GitHub is the stand-in. Its App's key and secret are kept in the folder. */
export function gitHubEnvironment(github: GitHubStandIn, folder: string): Record<string, string> {
  const key = join(folder, "app.pem");
  const secret = join(folder, "webhook-secret");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(key, github.app.privateKey, { mode: 0o600 });
  writeFileSync(secret, github.webhookSecret, { mode: 0o600 });
  return {
    DELTA_GITHUB_APP_ID: github.app.appId,
    DELTA_GITHUB_PRIVATE_KEY_FILE: key,
    DELTA_GITHUB_WEBHOOK_SECRET_FILE: secret,
    DELTA_GITHUB_API_URL: github.url,
  };
}

import { App, Octokit } from "octokit";

export interface GitHubAppSettings {
  /** `https://api.github.com`, or the API of a GitHub Enterprise Server. */
  readonly apiUrl: string;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}

/** One request to GitHub, its answer included. Slower than this counts as no answer. */
export const GITHUB_REQUEST_TIMEOUT_MS = 15_000;

/**
 * The App's client. octokit signs the App's JWT, gets and keeps installation tokens, and repeats a
 * 401 for up to five seconds after a token was made (they take a moment to spread).
 *
 * Its retry and throttling plugins are off: they would hold a worker for minutes (throttling spaces
 * writes by a second) and forget everything at a restart. The check-reporting task waits instead,
 * in the database, and treats an answer that never came as an unknown outcome rather than repeating it.
 */
export function createGitHubApp(settings: GitHubAppSettings, log: { warn(message: string): void }): App {
  const { apiUrl, appId, privateKey } = settings;
  const quiet = {
    debug: () => {},
    info: () => {},
    warn: (message: string) => log.warn(message),
    error: () => {},
  };
  return new App({
    appId,
    privateKey,
    log: quiet,
    Octokit: Octokit.defaults({
      baseUrl: apiUrl.replace(/\/+$/, ""),
      userAgent: "delta-ci",
      log: quiet,
      retry: { enabled: false },
      throttle: { enabled: false },
      request: { fetch: fetchWithTimeout },
    }),
  });
}

const fetchWithTimeout: typeof fetch = (input, init) => {
  const limit = AbortSignal.timeout(GITHUB_REQUEST_TIMEOUT_MS);
  const given = init?.signal;
  return fetch(input, {
    ...init,
    signal: given === null || given === undefined ? limit : AbortSignal.any([given, limit]),
  });
};

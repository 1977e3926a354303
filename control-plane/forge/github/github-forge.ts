import type { App, Octokit } from "octokit";
import {
  ForgeError,
  type CheckRequest,
  type Forge,
  type ForgeRepository,
  type GitCredentials,
  type TriedDelivery,
} from "../../../schemas/forge.ts";
import type { Clock } from "../../clock.ts";
import { upsertGitHubCheck } from "./checks.ts";
import { createGitHubApp, type GitHubAppSettings } from "./client.ts";
import { gitHubDeliveriesSince, redeliverFromGitHub } from "./deliveries.ts";
import { forgeError } from "./errors.ts";
import { readGitHubEvent } from "./read-event.ts";
import { deliveryIdentity, signatureHolds, type Headers } from "./signature.ts";

export interface GitHubForgeSettings extends GitHubAppSettings {
  readonly webhookSecret: string;
}

/** GitHub, as a GitHub App. The credentials it needs: contents read, checks write, metadata read. */
export class GitHubForge implements Forge {
  readonly name = "github";
  readonly #app: App;
  readonly #webhookSecret: string;
  readonly #clock: Clock;

  constructor(settings: GitHubForgeSettings, clock: Clock, log: { warn(message: string): void }) {
    if (settings.webhookSecret === "") {
      throw new Error("a GitHub App without a webhook secret would accept deliveries from anybody");
    }
    this.#app = createGitHubApp(settings, log);
    this.#webhookSecret = settings.webhookSecret;
    this.#clock = clock;
  }

  verify(rawBody: Uint8Array, headers: Headers): boolean {
    return signatureHolds(this.#webhookSecret, rawBody, headers);
  }

  identify(headers: Headers) {
    return deliveryIdentity(headers);
  }

  read(eventName: string, body: unknown) {
    return readGitHubEvent(eventName, body);
  }

  async deliveriesSince(sinceMs: number): Promise<readonly TriedDelivery[]> {
    return this.#asApp((octokit) => gitHubDeliveriesSince(octokit, sinceMs));
  }

  async redeliver(id: string): Promise<void> {
    await this.#asApp((octokit) => redeliverFromGitHub(octokit, id));
  }

  /** A token of one hour that can read the contents of this one repository and nothing else. */
  async gitCredentials(repository: ForgeRepository): Promise<GitCredentials> {
    return this.#call(repository, async (octokit) => {
      const { token } = (await octokit.auth({
        type: "installation",
        repositoryIds: [Number(repository.forgeId)],
        permissions: { contents: "read" },
      })) as { token: string };
      return { username: "x-access-token", password: token };
    });
  }

  async upsertCheck(
    repository: ForgeRepository,
    check: CheckRequest,
    knownId: string | null,
  ): Promise<string> {
    const [owner = "", repo = ""] = repository.fullName.split("/");
    return this.#call(repository, (octokit) => upsertGitHubCheck(octokit, { owner, repo }, check, knownId));
  }

  async #call<Result>(
    repository: ForgeRepository,
    body: (octokit: Octokit) => Promise<Result>,
  ): Promise<Result> {
    if (repository.installationId === null) {
      throw new ForgeError("gone", `the App is not installed on ${repository.fullName}`, null);
    }
    const id = Number(repository.installationId);
    return this.#asApp(async () => body(await this.#app.getInstallationOctokit(id)));
  }

  /** Calls as the App itself; whatever fails is a ForgeError. */
  async #asApp<Result>(body: (octokit: Octokit) => Promise<Result>): Promise<Result> {
    try {
      return await body(this.#app.octokit);
    } catch (error) {
      throw forgeError(error, this.#clock.nowMs());
    }
  }
}

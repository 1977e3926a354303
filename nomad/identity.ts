import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { Type } from "typebox";
import type { NomadClient } from "./client.ts";
import type { JobApi } from "./job-api.ts";
import { GROUP_NAME, TASK_NAME } from "./job-body.ts";
import { attemptOfJobName } from "./job-name.ts";
import { IDENTITY_AUDIENCE, IDENTITY_NAME } from "./runner-start.ts";

const KeySet = Type.Object({
  keys: Type.Array(
    Type.Object({ kty: Type.String(), kid: Type.String(), alg: Type.Optional(Type.String()) }),
  ),
});

/** Clocks of the control plane and of Nomad's servers may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** An unknown key makes us ask again, but not more often than this: anybody can send a token. */
const KEYS_REFETCH_MS = 1_000;
/** A key that operators withdrew is trusted no longer than this. */
const KEYS_AGE_MS_MAX = 10 * 60_000;

export interface NomadIdentitySettings {
  readonly installation: string;
  readonly namespace: string;
  /** `iss` of the cluster, when its servers have an `oidc_issuer`; null when they have none. */
  readonly issuer: string | null;
  /**
   * A workload identity lives long, so that nothing writes its file again while steps run. A claim
   * comes right after the start, hence only a fresh one counts. Seconds since it was issued.
   */
  readonly ageSecondsMax: number;
}

/** A claim deadline's worth of time, and the pull of a large image before it. */
export const IDENTITY_AGE_SECONDS = 30 * 60;

/**
 * Tells which attempt a Nomad workload identity was issued for: signed by the cluster's own key, for
 * us, for the runner's task of a job of this installation, still fresh, and for an allocation that
 * Nomad still wants to run. null for everything else, without a word on why: the caller answers a
 * stranger. Throws NomadError when Nomad cannot be asked.
 */
export class NomadIdentityVerifier {
  readonly #client: NomadClient;
  readonly #jobs: JobApi;
  readonly #settings: NomadIdentitySettings;
  readonly #monotonicMs: () => number;
  #keys: ReturnType<typeof createLocalJWKSet> | null = null;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    client: NomadClient,
    jobs: JobApi,
    settings: NomadIdentitySettings,
    monotonicMs: () => number = () => performance.now(),
  ) {
    this.#client = client;
    this.#jobs = jobs;
    this.#settings = settings;
    this.#monotonicMs = monotonicMs;
  }

  async verify(jwt: string): Promise<{ readonly attemptId: string } | null> {
    const claims = await this.#claimsOf(jwt);
    if (claims === null) return null;
    const { nomad_namespace, nomad_job_id, nomad_allocation_id, nomad_task, sub } = claims;
    if (nomad_namespace !== this.#settings.namespace || nomad_task !== TASK_NAME) return null;
    if (typeof nomad_job_id !== "string" || typeof nomad_allocation_id !== "string") return null;
    const attemptId = attemptOfJobName(this.#settings.installation, nomad_job_id);
    if (
      attemptId === null ||
      sub?.endsWith(`:${nomad_job_id}:${GROUP_NAME}:${TASK_NAME}:${IDENTITY_NAME}`) !== true
    ) {
      return null;
    }
    const allocations = await this.#jobs.allocations(nomad_job_id);
    const isWanted = allocations.some((one) => one.ID === nomad_allocation_id && one.DesiredStatus === "run");
    return isWanted ? { attemptId } : null;
  }

  async #claimsOf(jwt: string): Promise<Awaited<ReturnType<typeof jwtVerify>>["payload"] | null> {
    for (const isSecondTry of [false, true]) {
      try {
        const keys = await this.#keySet(isSecondTry);
        const { issuer, ageSecondsMax } = this.#settings;
        const { payload } = await jwtVerify(jwt, keys, {
          algorithms: ["RS256", "EdDSA"],
          audience: IDENTITY_AUDIENCE,
          ...(issuer !== null && { issuer }),
          requiredClaims: ["exp", "iat", "nbf", "jti"],
          maxTokenAge: ageSecondsMax,
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
        });
        return payload;
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey && !isSecondTry && this.#mayRefetch()) continue;
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    }
    return null;
  }

  #mayRefetch(): boolean {
    return this.#monotonicMs() - this.#fetchedAtMs >= KEYS_REFETCH_MS;
  }

  async #keySet(isStale: boolean): Promise<ReturnType<typeof createLocalJWKSet>> {
    const isOld = this.#monotonicMs() - this.#fetchedAtMs > KEYS_AGE_MS_MAX;
    if (this.#keys !== null && !isStale && !isOld) return this.#keys;
    this.#fetchedAtMs = this.#monotonicMs();
    const call = { method: "GET", path: "/.well-known/jwks.json", answer: KeySet } as const;
    const { value } = await this.#client.call(call);
    this.#keys = createLocalJWKSet(value);
    return this.#keys;
  }
}

import type { PipelineEvent } from "./event.ts";

/**
 * Port: a forge (GitHub first). The control plane alone talks to it; runners never do.
 */
export interface Forge {
  readonly name: string;
  /**
   * Checks the signature over the raw bytes, in constant time. Nothing is parsed before it holds.
   */
  verify(rawBody: Uint8Array, headers: Readonly<Record<string, string | string[] | undefined>>): boolean;
  /** The delivery's identity and kind, from headers alone; null when they are missing or malformed. */
  identify(headers: Readonly<Record<string, string | string[] | undefined>>): DeliveryIdentity | null;
  /** The normalised event, or why this delivery makes no run, or what is wrong with it. */
  read(eventName: string, body: unknown): ForgeReading;
  /** Deliveries that the forge tried to make since then, as far as it remembers; repetitions are tries of their own. Throws ForgeError. */
  deliveriesSince(sinceMs: number): Promise<readonly TriedDelivery[]>;
  /** Asks the forge to make a delivery again. Throws ForgeError. */
  redeliver(id: string): Promise<void>;
  /** Environment for git that authorises a fetch; never on a command line, never logged. */
  gitCredentials(repository: ForgeRepository): Promise<GitCredentials>;
  /** Creates or updates one check; idempotent by externalId. Throws ForgeError. */
  upsertCheck(repository: ForgeRepository, check: CheckRequest, knownId: string | null): Promise<string>;
}

export interface DeliveryIdentity {
  readonly key: string;
  readonly eventName: string;
}

/** One try of the forge to reach us. */
export interface TriedDelivery {
  /** The forge's own id of this try. */
  readonly id: string;
  /** The same in every try of one delivery. */
  readonly key: string;
  /** Milliseconds since 1970, by the forge's clock. */
  readonly triedAtMs: number;
}

export interface ForgeRepository {
  /** The forge's own numeric id, as text: names can be taken over, ids cannot. */
  readonly forgeId: string;
  readonly fullName: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  readonly installationId: string | null;
}

export type ForgeReading =
  | { readonly kind: "event"; readonly repository: ForgeRepository; readonly event: PipelineEvent }
  /** Somebody asked the forge to run one check again (`externalId`), or all checks of the commit (null). */
  | {
      readonly kind: "rerun";
      readonly repository: ForgeRepository;
      readonly head: string;
      readonly externalId: string | null;
    }
  | { readonly kind: "ignored"; readonly why: string }
  | { readonly kind: "malformed"; readonly why: string };

export interface GitCredentials {
  readonly username: string;
  readonly password: string;
}

export type CheckStatus = "queued" | "in_progress" | "completed";
export type CheckConclusion =
  | "success"
  | "failure"
  | "neutral"
  | "cancelled"
  | "skipped"
  | "timed_out"
  | "action_required";

export interface CheckAnnotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Only when start and end line are the same, as GitHub asks. */
  readonly startColumn: number | null;
  readonly endColumn: number | null;
  readonly level: "notice" | "warning" | "failure";
  readonly title: string;
  readonly message: string;
}

/** What a check shows; pure data, rendered from state by control-plane/checks. */
export interface CheckRequest {
  /** Our own id for it, sent as GitHub's `external_id`: the key that makes upserts idempotent. */
  readonly externalId: string;
  readonly name: string;
  readonly headSha: string;
  readonly status: CheckStatus;
  readonly conclusion: CheckConclusion | null;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly detailsUrl: string | null;
  readonly title: string;
  readonly summary: string;
  readonly text: string | null;
  readonly annotations: readonly CheckAnnotation[];
}

/** retry: the same request may succeed later. gone: the repository or installation is no longer ours. */
export type ForgeErrorKind = "retry" | "rate_limited" | "unauthorized" | "gone" | "rejected";

export class ForgeError extends Error {
  readonly kind: ForgeErrorKind;
  /** When the forge said how long to wait. */
  readonly retryAfterMs: number | null;

  constructor(kind: ForgeErrorKind, message: string, retryAfterMs: number | null, cause?: unknown) {
    super(message, { cause });
    this.name = "ForgeError";
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

import type { TrustClass } from "../../schemas/event.ts";

/** Which images a pool runs. Written by operators. */
export interface ImagePolicy {
  /** Runs when the job names no image; null refuses such jobs. */
  readonly defaultImage: string | null;
  /** Repositories by name, or by prefix when it ends in `/`: `registry.example/team/`. */
  readonly allowed: readonly string[];
  /** Refuse images named by a tag, which can be moved; always so for forks. */
  readonly requireDigest: boolean;
}

/**
 * A reference as registries have it, and nothing that Nomad would interpolate: no `$`, no `{`, no
 * scheme, no spaces.
 */
const REFERENCE =
  /^([a-z0-9][a-z0-9._/-]*(?::[0-9]+\/[a-z0-9][a-z0-9._/-]*)?)(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i;

export type ImageChoice =
  | { readonly ok: true; readonly image: string; readonly isPinned: boolean }
  | { readonly ok: false; readonly refusal: string };

export function chooseImage(policy: ImagePolicy, wanted: string | null, trust: TrustClass): ImageChoice {
  if (wanted === null || wanted === policy.defaultImage) {
    if (policy.defaultImage === null)
      return refuse("the job names no image and its pool has none of its own");
    return { ok: true, image: policy.defaultImage, isPinned: policy.defaultImage.includes("@sha256:") };
  }
  const [, repository = "", , digest] = REFERENCE.exec(wanted) ?? [];
  if (repository === "") return refuse(`"${wanted}" is not an image reference`);
  const isAllowed = policy.allowed.some((rule) =>
    rule.endsWith("/") ? repository.startsWith(rule) : repository === rule,
  );
  if (!isAllowed) {
    const known = policy.allowed.length === 0 ? "no others than its own" : policy.allowed.join(", ");
    return refuse(`the pool does not run image "${wanted}"; it allows ${known}`);
  }
  if (digest === undefined && (policy.requireDigest || trust === "fork")) {
    return refuse(`image "${wanted}" must be named by its digest (@sha256:...)`);
  }
  return { ok: true, image: wanted, isPinned: digest !== undefined };
}

function refuse(refusal: string): ImageChoice {
  return { ok: false, refusal };
}

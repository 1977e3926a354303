import type { PlanSource } from "../schemas/plan.ts";

/** A file of another repository, as an include asks for it. */
export interface PinnedRequest {
  /** `owner/name` on the forge of the repository, or a whole URL. */
  readonly repo: string;
  readonly ref: string;
  readonly file: string;
  /** Digest of the file's bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/**
 * What whoever may reach other repositories brought. The bytes are as found: that they have the digest that was
 * asked for is checked by the compile. not_allowed: nobody looked. unreachable: a later try may succeed.
 */
export type PinnedAnswer =
  | { readonly bytes: Uint8Array }
  | { readonly problem: "not_allowed" | "unreachable" | "file_missing"; readonly detail: string };

/** Answers by `pinnedKey`, each with what was asked. Plain data, to cross processes. */
export type PinnedFiles = ReadonlyMap<
  string,
  { readonly request: PinnedRequest; readonly answer: PinnedAnswer }
>;

export const NO_PINNED: PinnedFiles = new Map();

/** Tells requests apart. None of the four may hold a line break. */
export function pinnedKey({ repo, ref, file, sha256 }: PinnedRequest): string {
  return [repo, ref, file, sha256].join("\n");
}

/** How places in it are named: `team/ci@v3:node.yaml`. */
export function pinnedName({ repo, ref, file }: Omit<PinnedRequest, "sha256">): string {
  return `${repo}@${ref}:${file}`;
}

/** How places in a template of the catalogue are named. */
export function catalogueName(template: string): string {
  return `template:${template}`;
}

/** How places in a source of a plan are named. */
export function sourceName({ path, from }: PlanSource): string {
  if (from === null) return path;
  return "template" in from ? catalogueName(from.template) : pinnedName({ ...from, file: path });
}

import { Type, type Static } from "typebox";

/**
 * The slices of GitHub's webhook bodies that we read. Everything else in a body is ignored, above
 * all names and addresses: who somebody is follows from numeric ids alone.
 */
/** Git's own limit for a ref name is 4,096 bytes; GitHub's is far lower. */
const REF_CHARACTERS_MAX = 1_024;
const ForgeId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Sha = Type.String({ pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" });
/** No control characters; anything else a ref may hold, `$(id)` and a leading dash included. */
const Ref = Type.String({
  minLength: 1,
  maxLength: REF_CHARACTERS_MAX,
  pattern: "^[^\\u0000-\\u0020\\u007f]+$",
});
const Branch = Ref;
const FullName = Type.String({ pattern: "^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$" });

const Repository = Type.Object({
  id: ForgeId,
  full_name: FullName,
  clone_url: Type.String({ pattern: "^https?://", maxLength: 2_048 }),
  default_branch: Branch,
});
export type RepositoryPayload = Static<typeof Repository>;

const common = {
  repository: Repository,
  installation: Type.Optional(Type.Object({ id: ForgeId })),
};

export const PushPayload = Type.Object({
  ...common,
  ref: Ref,
  before: Sha,
  after: Sha,
  forced: Type.Boolean(),
  deleted: Type.Boolean(),
  head_commit: Type.Union([Type.Object({ id: Sha }), Type.Null()]),
});
export type PushPayload = Static<typeof PushPayload>;

export const PullRequestPayload = Type.Object({
  ...common,
  action: Type.String({ maxLength: 64 }),
  changes: Type.Optional(Type.Object({ base: Type.Optional(Type.Unknown()) })),
  pull_request: Type.Object({
    number: Type.Integer({ minimum: 1 }),
    state: Type.String({ maxLength: 16 }),
    draft: Type.Optional(Type.Boolean()),
    head: Type.Object({
      ref: Branch,
      sha: Sha,
      repo: Type.Union([Type.Object({ id: ForgeId }), Type.Null()]),
    }),
    base: Type.Object({ ref: Branch, sha: Sha, repo: Type.Object({ id: ForgeId }) }),
  }),
});
export type PullRequestPayload = Static<typeof PullRequestPayload>;

const Subject = Type.Object({
  head_sha: Sha,
  external_id: Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()])),
});
export const RerequestPayload = Type.Object({
  ...common,
  action: Type.String({ maxLength: 64 }),
  check_run: Type.Optional(Subject),
  check_suite: Type.Optional(Subject),
});
export type RerequestPayload = Static<typeof RerequestPayload>;

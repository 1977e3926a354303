import type { components, operations } from "@octokit/openapi-types";
import { Type, type Static } from "typebox";

/**
 * What the stand-in accepts, written from GitHub's documentation and stricter than GitHub where that
 * helps: a field we never mean to send is refused. The types at the end tie each schema to GitHub's
 * own description, so that a drift fails to compile.
 */
const strict = { additionalProperties: false } as const;
/** GitHub's limit for `summary` and `text`. */
const OUTPUT_CHARACTERS_MAX = 65_535;
const Sha = Type.String({ pattern: "^[0-9a-f]{40}$" });
const Timestamp = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$" });
const Name = Type.String({ pattern: "^[A-Za-z0-9._-]{1,100}$" });
const Digits = Type.String({ pattern: "^[0-9]{1,15}$" });

const Annotation = Type.Object(
  {
    path: Type.String({ minLength: 1 }),
    start_line: Type.Integer({ minimum: 1 }),
    end_line: Type.Integer({ minimum: 1 }),
    start_column: Type.Optional(Type.Integer({ minimum: 1 })),
    end_column: Type.Optional(Type.Integer({ minimum: 1 })),
    annotation_level: Type.Enum(["notice", "warning", "failure"] as const),
    message: Type.String({ minLength: 1, maxLength: 65_536 }),
    title: Type.Optional(Type.String({ maxLength: 255 })),
  },
  strict,
);

const Output = Type.Object(
  {
    title: Type.String({ minLength: 1 }),
    summary: Type.String({ maxLength: OUTPUT_CHARACTERS_MAX }),
    text: Type.Optional(Type.String({ maxLength: OUTPUT_CHARACTERS_MAX })),
    annotations: Type.Optional(Type.Array(Annotation, { maxItems: 50 })),
  },
  strict,
);

const checkFields = {
  details_url: Type.Optional(Type.String({ pattern: "^https?://" })),
  external_id: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  status: Type.Optional(Type.Enum(["queued", "in_progress", "completed"] as const)),
  started_at: Type.Optional(Timestamp),
  conclusion: Type.Optional(
    Type.Enum([
      "action_required",
      "cancelled",
      "failure",
      "neutral",
      "success",
      "skipped",
      "timed_out",
    ] as const),
  ),
  completed_at: Type.Optional(Timestamp),
  output: Type.Optional(Output),
};

export const CheckRunCreate = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 255 }), head_sha: Sha, ...checkFields },
  strict,
);
export const CheckRunUpdate = Type.Object(
  { name: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })), ...checkFields },
  strict,
);
export const TokenCreate = Type.Object(
  {
    repository_ids: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: 500 })),
    permissions: Type.Optional(
      Type.Object(
        {
          contents: Type.Optional(Type.Enum(["read", "write"] as const)),
          checks: Type.Optional(Type.Enum(["read", "write"] as const)),
          metadata: Type.Optional(Type.Literal("read")),
        },
        strict,
      ),
    ),
  },
  strict,
);

export const RepositoryParams = Type.Object({ owner: Name, repo: Name }, strict);
export const CheckParams = Type.Object({ owner: Name, repo: Name, check_run_id: Digits }, strict);
export const CommitParams = Type.Object({ owner: Name, repo: Name, ref: Sha }, strict);
export const InstallationParams = Type.Object({ installation_id: Digits }, strict);
export const GitParams = Type.Object({ owner: Name, repo: Name }, strict);
export const NoQuery = Type.Object({}, strict);
export const CheckListQuery = Type.Object(
  {
    check_name: Type.Optional(Type.String()),
    filter: Type.Optional(Type.Enum(["latest", "all"] as const)),
    per_page: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })),
    page: Type.Optional(Type.String({ pattern: "^[1-9][0-9]{0,3}$" })),
    app_id: Type.Optional(Digits),
  },
  strict,
);
export const HookDeliveryParams = Type.Object({ delivery_id: Digits }, strict);
export const HookDeliveryQuery = Type.Object(
  {
    per_page: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })),
    cursor: Type.Optional(Type.String({ pattern: "^v1_[0-9]{1,15}$" })),
  },
  strict,
);
export const GitService = Type.Object({ service: Type.Literal("git-upload-pack") }, strict);

export type CheckRunCreate = Static<typeof CheckRunCreate>;
export type CheckRunUpdate = Static<typeof CheckRunUpdate>;
export type TokenCreate = Static<typeof TokenCreate>;

type JsonBody<Operation> = Operation extends {
  requestBody?: { content: { "application/json": infer Body } };
}
  ? Body
  : never;

type UpdateOutput = NonNullable<JsonBody<operations["checks/update"]>["output"]>;

/** Compiles only when every `Ours` is something GitHub's description allows. */
type Allowed<Theirs, Ours extends Theirs> = Ours;
/**
 * Read by the type checker alone.
 * @public
 */
export type CheckedAgainstGitHub = [
  Allowed<JsonBody<operations["checks/create"]>, CheckRunCreate>,
  Allowed<JsonBody<operations["apps/create-installation-access-token"]>, TokenCreate>,
  Allowed<UpdateOutput, NonNullable<CheckRunUpdate["output"]>>,
];

/** The parts of GitHub's answers that the stand-in gives, by GitHub's own names and types. */
export type CheckRunAnswer = Pick<
  components["schemas"]["check-run"],
  | "id"
  | "name"
  | "head_sha"
  | "external_id"
  | "status"
  | "conclusion"
  | "started_at"
  | "completed_at"
  | "details_url"
  | "output"
>;
export type TokenAnswer = Pick<components["schemas"]["installation-token"], "token" | "expires_at">;
export type RepositoryAnswer = Pick<
  components["schemas"]["full-repository"],
  "id" | "name" | "full_name" | "private" | "default_branch" | "clone_url"
>;

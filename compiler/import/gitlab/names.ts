import { literal } from "../emit.ts";

/** A variable in a condition: what it is compared as, and when it is set at all. */
export interface ConditionVariable {
  /** Null when it can only be asked whether it is set. */
  readonly value: string | null;
  readonly isSet: string | null;
  /** Its text, when that is fixed. */
  readonly fixed?: string;
}

const REQUEST = "event.kind == 'pull_request'";

/** Predefined variables that an expression of ours gives. */
export const PREDEFINED: Readonly<Record<string, ConditionVariable>> = {
  CI_COMMIT_BRANCH: { value: "ref.name", isSet: "event.kind != 'pull_request' && ref.kind == 'branch'" },
  CI_COMMIT_TAG: { value: "ref.name", isSet: "ref.kind == 'tag'" },
  CI_COMMIT_REF_NAME: { value: "ref.name", isSet: "true" },
  CI_COMMIT_SHA: { value: "event.head", isSet: "true" },
  CI_DEFAULT_BRANCH: { value: "(ref.default_branch ?? '')", isSet: "true" },
  CI_MERGE_REQUEST_IID: { value: null, isSet: REQUEST },
  CI_MERGE_REQUEST_ID: { value: null, isSet: REQUEST },
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: { value: "(pr.target ?? '')", isSet: REQUEST },
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: { value: "(pr.source ?? '')", isSet: REQUEST },
};

/** Predefined variables whose value an expression of ours gives in any text, that of a script's environment too. */
export const GIVEN_TEXTS: Readonly<Record<string, string>> = {
  CI: "true",
  CI_COMMIT_SHA: "${{ event.head }}",
  CI_COMMIT_BEFORE_SHA: "${{ event.before ?? '' }}",
  CI_COMMIT_REF_NAME: "${{ ref.name }}",
  CI_DEFAULT_BRANCH: "${{ ref.default_branch ?? '' }}",
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "${{ pr.target ?? '' }}",
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: "${{ pr.source ?? '' }}",
};

/** What starts a pipeline there, as what does here. Null: nothing here is like it, so it never happens. */
export const SOURCES: Readonly<Record<string, string | null>> = {
  push: "push",
  merge_request_event: "pull_request",
  schedule: "schedule",
  web: "manual",
  api: "api",
  trigger: "api",
  pipeline: null,
  parent_pipeline: null,
  external: null,
  external_pull_request_event: null,
  ondemand_dast_scan: null,
  ondemand_dast_validation: null,
  security_orchestration_policy: null,
  webide: null,
};

/** Variables that name the repository, from `owner/name`. */
export function repositoryVariables(repository: string | null): Readonly<Record<string, string>> {
  if (repository === null) return {};
  const [root = "", ...below] = repository.split("/");
  return {
    CI_PROJECT_PATH: repository,
    CI_PROJECT_NAMESPACE: [root, ...below.slice(0, -1)].join("/"),
    CI_PROJECT_ROOT_NAMESPACE: root,
    CI_PROJECT_NAME: below.at(-1) ?? root,
  };
}

export function fixedVariable(text: string): ConditionVariable {
  return { value: literal(text), isSet: String(text !== ""), fixed: text };
}

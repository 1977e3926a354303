import type { Octokit } from "octokit";
import type { CheckAnnotation, CheckRequest } from "../../../schemas/forge.ts";

/** GitHub takes this many annotations in one request and appends those of every further one. */
const ANNOTATIONS_PER_REQUEST = 50;
/** All checks of one name on one commit; more than a page of them means reruns by the hundred. */
const CHECKS_PER_PAGE = 100;

interface RepositoryName {
  readonly owner: string;
  readonly repo: string;
}

/**
 * Creates or updates one check and returns GitHub's id for it. Before a check is created it is looked
 * for by its external id: an earlier try may have created it and lost the answer. Annotations that
 * GitHub holds already are not sent again, as it would show them twice.
 */
export async function upsertGitHubCheck(
  octokit: Octokit,
  repository: RepositoryName,
  check: CheckRequest,
  knownId: string | null,
): Promise<string> {
  const known =
    knownId === null ? await find(octokit, repository, check) : { id: Number(knownId), held: null };
  const held =
    known === null ? 0 : (known.held ?? (await countAnnotations(octokit, repository, check, known.id)));
  const batches = batchesOf(check.annotations.slice(held));
  const first = fieldsOf(check, batches[0] ?? []);
  let id = known?.id;
  if (id === undefined) {
    const { data } = await octokit.rest.checks.create({ ...repository, ...first, head_sha: check.headSha });
    id = data.id;
  } else {
    await octokit.rest.checks.update({ ...repository, ...first, check_run_id: id });
  }
  for (const batch of batches.slice(1)) {
    await octokit.rest.checks.update({ ...repository, ...fieldsOf(check, batch), check_run_id: id });
  }
  return String(id);
}

async function find(
  octokit: Octokit,
  repository: RepositoryName,
  check: CheckRequest,
): Promise<{ readonly id: number; readonly held: number } | null> {
  const { data } = await octokit.rest.checks.listForRef({
    ...repository,
    ref: check.headSha,
    check_name: check.name,
    filter: "all",
    per_page: CHECKS_PER_PAGE,
  });
  const found = data.check_runs.find(({ external_id }) => external_id === check.externalId);
  return found === undefined ? null : { id: found.id, held: found.output.annotations_count };
}

async function countAnnotations(
  octokit: Octokit,
  repository: RepositoryName,
  check: CheckRequest,
  id: number,
): Promise<number> {
  if (check.annotations.length === 0) {
    return 0;
  }
  const { data } = await octokit.rest.checks.get({ ...repository, check_run_id: id });
  return data.output.annotations_count;
}

function batchesOf(annotations: readonly CheckAnnotation[]): CheckAnnotation[][] {
  const batches: CheckAnnotation[][] = [];
  for (let from = 0; from < annotations.length; from += ANNOTATIONS_PER_REQUEST) {
    batches.push(annotations.slice(from, from + ANNOTATIONS_PER_REQUEST));
  }
  return batches;
}

function fieldsOf(check: CheckRequest, annotations: readonly CheckAnnotation[]) {
  return {
    name: check.name,
    external_id: check.externalId,
    status: check.status,
    ...(check.conclusion === null ? {} : { conclusion: check.conclusion }),
    ...(check.startedAt === null ? {} : { started_at: check.startedAt }),
    ...(check.completedAt === null ? {} : { completed_at: check.completedAt }),
    ...(check.detailsUrl === null ? {} : { details_url: check.detailsUrl }),
    output: {
      title: check.title,
      summary: check.summary,
      ...(check.text === null ? {} : { text: check.text }),
      ...(annotations.length === 0 ? {} : { annotations: annotations.map(annotationOf) }),
    },
  };
}

function annotationOf(annotation: CheckAnnotation) {
  const { startColumn, endColumn } = annotation;
  const oneLine = annotation.startLine === annotation.endLine;
  return {
    path: annotation.path,
    start_line: annotation.startLine,
    end_line: annotation.endLine,
    ...(oneLine && startColumn !== null ? { start_column: startColumn } : {}),
    ...(oneLine && endColumn !== null ? { end_column: endColumn } : {}),
    annotation_level: annotation.level,
    title: annotation.title,
    message: annotation.message,
  };
}

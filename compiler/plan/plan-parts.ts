import type { Place, Span } from "../../schemas/diagnostic.ts";
import type {
  PlanArtifact,
  PlanCache,
  PlanIdToken,
  PlanSecret,
  PlanService,
} from "../../schemas/plan-job-parts.ts";
import type { PlanConcurrency, PlanJob } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Template } from "../expressions/index.ts";
import { Binder } from "../language/bind.ts";
import type {
  ArtifactModel,
  CacheModel,
  ConcurrencyModel,
  EnvironmentModel,
  JobParts,
  ServiceModel,
} from "../language/model-parts.ts";
import type { Located } from "../language/model.ts";
import { literalText } from "../language/literal-text.ts";
import {
  checkArtifactName,
  checkCacheKey,
  checkGroup,
  checkPaths,
  checkTaken,
  checkUrl,
} from "../language/part-checks.ts";
import type { PlanJobContext } from "./plan-job-context.ts";

export interface PartsContext {
  readonly binder: Binder;
  readonly report: Report;
  readonly placeOf: (span: Span) => Place;
}

type PlanParts = Pick<
  PlanJob,
  | "approval"
  | "artifacts"
  | "caches"
  | "cells"
  | "checkout"
  | "concurrency"
  | "environment"
  | "id_tokens"
  | "interruptible"
  | "network"
  | "no_output_timeout_ms"
  | "outputs"
  | "secrets"
  | "services"
>;

/** What stands around a job's steps, with every expression worked out. */
export function planParts(job: JobParts, whole: PlanJobContext): PlanParts {
  const { placeOf, shared } = whole;
  const context = partsContext(whole);
  return {
    services: shared.list(job.services, whole, planServices),
    caches: shared.list(job.caches, whole, planCaches),
    artifacts: shared.list(job.artifacts, whole, (models, own) => planArtifacts(models, partsContext(own))),
    outputs: shared.list(job.outputs, whole, (outputs) => outputs.map(({ name }) => name)),
    secrets: shared.list(job.secrets, whole, planSecrets),
    id_tokens: shared.list(job.idTokens, whole, planIdTokens),
    network: job.network,
    checkout: job.checkout,
    interruptible: job.interruptible,
    no_output_timeout_ms: job.noOutputTimeoutMs,
    concurrency: planConcurrency(job.concurrency, context),
    approval: job.approval && {
      approvers: job.approval.approvers,
      min: job.approval.min,
      expires_ms: job.approval.expiresMs,
      place: placeOf(job.approval.span),
    },
    environment: job.environment && planEnvironment(job.environment, context),
    cells: job.cells && { max: job.cells.max, fail_fast: job.cells.failFast },
  };
}

function partsContext({ scope, report, placeOf }: PlanJobContext): PartsContext {
  return { binder: new Binder(scope, report), report, placeOf };
}

function planServices(services: readonly ServiceModel[], whole: PlanJobContext): readonly PlanService[] {
  const context = partsContext(whole);
  return services.map((service) => planService(service, context));
}

function planCaches(caches: readonly CacheModel[], whole: PlanJobContext): readonly PlanCache[] {
  const context = partsContext(whole);
  return caches.map((cache) => planCache(cache, context));
}

function planSecrets(secrets: JobParts["secrets"], { placeOf }: PlanJobContext): readonly PlanSecret[] {
  return secrets.map(({ variable, secret, span }) => ({ variable, secret, place: placeOf(span) }));
}

function planIdTokens(tokens: JobParts["idTokens"], { placeOf }: PlanJobContext): readonly PlanIdToken[] {
  return tokens.map(({ variable, audiences, span }) => ({ variable, audiences, place: placeOf(span) }));
}

export function planConcurrency(
  model: ConcurrencyModel | null,
  context: Pick<PartsContext, "binder" | "report">,
): PlanConcurrency | null {
  if (model === null) return null;
  const group = bound(model.group, context);
  if (!isPlain(model.group)) checkGroup(group, context.report);
  return { group: group.value, limit: model.limit, on_conflict: model.onConflict };
}

function planService(service: ServiceModel, { binder, placeOf }: PartsContext): PlanService {
  const { name, image, env, command, ports, ready, span } = service;
  return {
    name,
    image: binder.text(image),
    env: binder.env(env),
    command: command && command.map((argument) => binder.text(argument)),
    ports,
    ready: ready && {
      command: ready.command.map((argument) => binder.text(argument)),
      timeout_ms: ready.timeoutMs,
    },
    place: placeOf(span),
  };
}

function planCache(cache: CacheModel, context: PartsContext): PlanCache {
  const { binder, report, placeOf } = context;
  const key = bound(cache.key, context);
  const paths = cache.paths.map((path) => bound(path, context));
  if (!isPlain(cache.key)) checkCacheKey(key, report);
  checkPaths(unchecked(cache.paths, paths), report);
  return {
    key: key.value,
    paths: paths.map(({ value }) => value),
    restore_keys: cache.restoreKeys.map((restore) => binder.text(restore)),
    mode: cache.mode,
    place: placeOf(cache.span),
  };
}

function planArtifacts(models: readonly ArtifactModel[], context: PartsContext): readonly PlanArtifact[] {
  const { report, placeOf } = context;
  const names = models.map(({ name }) => bound(name, context));
  const worked = unchecked(
    models.map(({ name }) => name),
    names,
  );
  for (const name of worked) checkArtifactName(name, report);
  if (worked.length > 0) checkTaken(names, "artifact", report);
  return models.map((model, index): PlanArtifact => {
    const paths = model.paths.map((path) => bound(path, context));
    checkPaths(unchecked(model.paths, paths), report);
    return {
      name: names[index]?.value ?? "",
      paths: paths.map(({ value }) => value),
      type: model.type,
      when: model.when,
      expire_ms: model.expireMs,
      required: model.required,
      place: placeOf(model.span),
    };
  });
}

function planEnvironment({ name, url }: EnvironmentModel, context: PartsContext): PlanJob["environment"] {
  const address = url && bound(url, context);
  if (url !== null && address !== null && !isPlain(url)) checkUrl(address, context.report);
  return { name: context.binder.text(name), url: address?.value ?? null };
}

/** Plain text has been checked when the pipeline was read, once for all instances of its job. */
function isPlain(template: Template): boolean {
  return literalText(template) !== null;
}

function unchecked(
  templates: readonly Template[],
  texts: readonly Located<string>[],
): readonly Located<string>[] {
  return texts.filter((_, index) => {
    const template = templates[index];
    return template !== undefined && !isPlain(template);
  });
}

function bound(template: Template, { binder }: Pick<PartsContext, "binder">): Located<string> {
  return { value: binder.text(template), span: template.span };
}

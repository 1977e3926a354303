import { randomBytes } from "node:crypto";
import type { TSchema } from "typebox";
import type { Exchange } from "./exchange.ts";
import { sendJson } from "./exchange.ts";
import { answerInfoRefs, answerUploadPack } from "./git-http.ts";
import * as schemas from "./schemas.ts";
import type { HookDeliveries } from "./hook-deliveries.ts";
import type { CheckListQuery } from "./schemas.ts";
import { applyCheck, createCheck, faultOfCheck, type CheckRun, type InstallationToken } from "./state.ts";

/** What routes read and change. */
export interface World {
  readonly checks: CheckRun[];
  readonly tokens: Map<string, InstallationToken>;
  readonly installations: ReadonlySet<number>;
  readonly url: string;
  readonly hook: HookDeliveries;
  nextId(): number;
  nowMs(): number;
}

export interface Route {
  readonly name: string;
  readonly method: "GET" | "POST" | "PATCH";
  /** Named groups are the path's parameters. */
  readonly path: RegExp;
  readonly params: TSchema;
  readonly query: TSchema;
  readonly body: TSchema | null;
  /** app: a JWT of the App. token: `token ghs_...`. git: Basic, with the token as password. */
  readonly auth: "app" | "token" | "git";
  /** The token's permission this route needs. */
  readonly needs: readonly [name: "checks" | "contents" | "metadata", level: "read" | "write"] | null;
  answer(world: World, exchange: Exchange): void | Promise<void>;
}

/** Installation tokens live for one hour. */
const TOKEN_LIFE_MS = 60 * 60 * 1000;
const repositoryPath = "/repos/(?<owner>[^/]+)/(?<repo>[^/]+)";
const gitPath = "/(?<owner>[^/]+)/(?<repo>[^/]+)\\.git";

const createToken: Route = {
  name: "POST /app/installations/{installation_id}/access_tokens",
  method: "POST",
  path: /^\/app\/installations\/(?<installation_id>[^/]+)\/access_tokens$/,
  params: schemas.InstallationParams,
  query: schemas.NoQuery,
  body: schemas.TokenCreate,
  auth: "app",
  needs: null,
  answer(world, { params, body, response }) {
    const installationId = Number(params["installation_id"]);
    if (!world.installations.has(installationId)) return sendJson(response, 404, { message: "Not Found" });
    const asked = (body ?? {}) as schemas.TokenCreate;
    const token = `ghs_${randomBytes(18).toString("hex")}`;
    const expiresAtMs = world.nowMs() + TOKEN_LIFE_MS;
    world.tokens.set(token, {
      installationId,
      repositoryIds: asked.repository_ids ?? null,
      permissions: (asked.permissions as Record<string, string> | undefined) ?? null,
      expiresAtMs,
    });
    const answer: schemas.TokenAnswer = { token, expires_at: new Date(expiresAtMs).toISOString() };
    sendJson(response, 201, { ...answer, permissions: asked.permissions ?? {}, repository_selection: "all" });
  },
};

const getRepository: Route = {
  name: "GET /repos/{owner}/{repo}",
  method: "GET",
  path: new RegExp(`^${repositoryPath}$`),
  params: schemas.RepositoryParams,
  query: schemas.NoQuery,
  body: null,
  auth: "token",
  needs: ["metadata", "read"],
  answer(world, { repository, response }) {
    const answer: schemas.RepositoryAnswer = {
      id: repository.id,
      name: repository.fullName.split("/")[1] ?? "",
      full_name: repository.fullName,
      private: true,
      default_branch: repository.defaultBranch,
      clone_url: `${world.url}/${repository.fullName}.git`,
    };
    sendJson(response, 200, answer);
  },
};

const createCheckRun: Route = {
  name: "POST /repos/{owner}/{repo}/check-runs",
  method: "POST",
  path: new RegExp(`^${repositoryPath}/check-runs$`),
  params: schemas.RepositoryParams,
  query: schemas.NoQuery,
  body: schemas.CheckRunCreate,
  auth: "token",
  needs: ["checks", "write"],
  answer(world, { body, response, repository }) {
    const { head_sha, ...rest } = body as schemas.CheckRunCreate;
    const fault = faultOfCheck(rest, null);
    if (fault !== null) return sendJson(response, 422, { message: fault });
    const check = createCheck(world.nextId(), repository.id, { head_sha, ...rest });
    world.checks.push(check);
    sendJson(response, 201, withoutAnnotations(check));
  },
};

const updateCheckRun: Route = {
  name: "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}",
  method: "PATCH",
  path: new RegExp(`^${repositoryPath}/check-runs/(?<check_run_id>[^/]+)$`),
  params: schemas.CheckParams,
  query: schemas.NoQuery,
  body: schemas.CheckRunUpdate,
  auth: "token",
  needs: ["checks", "write"],
  answer(world, { params, body, response, repository }) {
    const at = world.checks.findIndex(
      ({ id, repositoryId }) => String(id) === params["check_run_id"] && repositoryId === repository.id,
    );
    const before = world.checks[at];
    if (before === undefined) return sendJson(response, 404, { message: "Not Found" });
    const fault = faultOfCheck(body as schemas.CheckRunUpdate, before);
    if (fault !== null) return sendJson(response, 422, { message: fault });
    const after = applyCheck(before, body as schemas.CheckRunUpdate);
    world.checks[at] = after;
    sendJson(response, 200, withoutAnnotations(after));
  },
};

const getCheckRun: Route = {
  name: "GET /repos/{owner}/{repo}/check-runs/{check_run_id}",
  method: "GET",
  path: updateCheckRun.path,
  params: schemas.CheckParams,
  query: schemas.NoQuery,
  body: null,
  auth: "token",
  needs: ["checks", "read"],
  answer(world, { params, response, repository }) {
    const check = world.checks.find(
      ({ id, repositoryId }) => String(id) === params["check_run_id"] && repositoryId === repository.id,
    );
    if (check === undefined) sendJson(response, 404, { message: "Not Found" });
    else sendJson(response, 200, withoutAnnotations(check));
  },
};

const listCheckRuns: Route = {
  name: "GET /repos/{owner}/{repo}/commits/{ref}/check-runs",
  method: "GET",
  path: new RegExp(`^${repositoryPath}/commits/(?<ref>[^/]+)/check-runs$`),
  params: schemas.CommitParams,
  query: schemas.CheckListQuery,
  body: null,
  auth: "token",
  needs: ["checks", "read"],
  answer(world, { params, query, response, repository }) {
    const asked = query as Partial<Record<keyof typeof CheckListQuery.properties, string>>;
    const found = world.checks.filter(
      (check) =>
        check.repositoryId === repository.id &&
        check.head_sha === params["ref"] &&
        (asked.check_name === undefined || check.name === asked.check_name),
    );
    const perPage = Number(asked.per_page ?? 30);
    const from = (Number(asked.page ?? 1) - 1) * perPage;
    const page = found.toReversed().slice(from, from + perPage);
    sendJson(response, 200, { total_count: found.length, check_runs: page.map(withoutAnnotations) });
  },
};

const infoRefs: Route = {
  name: "GET /{owner}/{repo}.git/info/refs",
  method: "GET",
  path: new RegExp(`^${gitPath}/info/refs$`),
  params: schemas.GitParams,
  query: schemas.GitService,
  body: null,
  auth: "git",
  needs: ["contents", "read"],
  answer: (_world, { request, response, repository }) => answerInfoRefs(request, response, repository.path),
};

const uploadPack: Route = {
  name: "POST /{owner}/{repo}.git/git-upload-pack",
  method: "POST",
  path: new RegExp(`^${gitPath}/git-upload-pack$`),
  params: schemas.GitParams,
  query: schemas.NoQuery,
  body: null,
  auth: "git",
  needs: ["contents", "read"],
  answer: (_world, { request, response, repository }) => answerUploadPack(request, response, repository.path),
};

const listHookDeliveries: Route = {
  name: "GET /app/hook/deliveries",
  method: "GET",
  path: /^\/app\/hook\/deliveries$/,
  params: schemas.NoQuery,
  query: schemas.HookDeliveryQuery,
  body: null,
  auth: "app",
  needs: null,
  answer({ hook, url }, { query, response }) {
    const { per_page = "30", cursor } = query as { per_page?: string; cursor?: string };
    const from = Number(cursor?.slice("v1_".length) ?? 0);
    const all = hook.list();
    const until = from + Number(per_page);
    if (until < all.length) {
      const next = `${url}/app/hook/deliveries?per_page=${per_page}&cursor=v1_${until}`;
      response.setHeader("link", `<${next}>; rel="next"`);
    }
    sendJson(response, 200, all.slice(from, until));
  },
};

const redeliver: Route = {
  name: "POST /app/hook/deliveries/{delivery_id}/attempts",
  method: "POST",
  path: /^\/app\/hook\/deliveries\/(?<delivery_id>[^/]+)\/attempts$/,
  params: schemas.HookDeliveryParams,
  query: schemas.NoQuery,
  body: null,
  auth: "app",
  needs: null,
  answer({ hook }, { params, response }) {
    const isKnown = hook.again(Number(params["delivery_id"]));
    sendJson(response, isKnown ? 202 : 404, isKnown ? {} : { message: "Not Found" });
  },
};

function withoutAnnotations({
  annotations: _annotations,
  repositoryId: _repositoryId,
  ...answer
}: CheckRun): schemas.CheckRunAnswer {
  return answer;
}

/** All that Delta CI may ask of GitHub; anything else is a violation. */
export const ROUTES: readonly Route[] = [
  createToken,
  getRepository,
  createCheckRun,
  updateCheckRun,
  getCheckRun,
  listCheckRuns,
  listHookDeliveries,
  redeliver,
  infoRefs,
  uploadPack,
];

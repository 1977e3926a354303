import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TSchema } from "typebox";
import { Check, Errors } from "typebox/value";
import { createAppIdentity, faultOfAppJwt, type AppIdentity } from "./app-jwt.ts";
import { sendJson, type RecordedRequest } from "./exchange.ts";
import { Faults, suffer, type Fault } from "./faults.ts";
import { HookDeliveries } from "./hook-deliveries.ts";
import { ROUTES, type Route, type World } from "./routes.ts";
import type { CheckRun, InstallationToken, Repository } from "./state.ts";

/** Larger than any request we send; a bound so that a bug cannot eat memory. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
const NO_REPOSITORY: Repository = { id: 0, fullName: "", path: "", defaultBranch: "", installationId: 0 };

/**
 * A GitHub of our own on loopback, over real HTTP: App JWTs, installation tokens, check runs,
 * repositories and git's smart HTTP. Every request is checked (method, path, query, headers, body);
 * what does not fit is answered as GitHub would and kept in `violations`, which tests expect empty.
 */
export class GitHubStandIn implements AsyncDisposable {
  readonly app: AppIdentity = createAppIdentity("4711");
  readonly webhookSecret: string = randomBytes(24).toString("hex");
  readonly hook: HookDeliveries;
  readonly requests: RecordedRequest[] = [];
  readonly violations: string[] = [];
  readonly #faults = new Faults();
  readonly #repositories = new Map<string, Repository>();
  readonly #installations = new Set<number>();
  readonly #watchers = new Set<() => void>();
  readonly #world: World;
  readonly #server: Server;
  #lastId = 1000;

  private constructor(server: Server, url: string, nowMs: () => number) {
    this.#server = server;
    this.hook = new HookDeliveries(this.webhookSecret, nowMs);
    this.#world = {
      hook: this.hook,
      checks: [],
      tokens: new Map<string, InstallationToken>(),
      installations: this.#installations,
      url,
      nextId: () => ++this.#lastId,
      nowMs,
    };
  }

  static async start(nowMs: () => number = Date.now): Promise<GitHubStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const standIn = new GitHubStandIn(server, `http://127.0.0.1:${port}`, nowMs);
    server.on("request", (request, response) => void standIn.#serve(request, response));
    return standIn;
  }

  /** Both the API's base URL and the place that repositories are cloned from. */
  get url(): string {
    return this.#world.url;
  }

  get checks(): readonly CheckRun[] {
    return this.#world.checks;
  }

  /** Serves the git repository in `path` as `fullName`, with the App installed on it. */
  addRepository(fullName: string, path: string, defaultBranch = "main"): Repository {
    const installationId = ++this.#lastId;
    const repository = { id: ++this.#lastId, fullName, path, defaultBranch, installationId };
    this.#installations.add(installationId);
    this.#repositories.set(fullName.toLowerCase(), repository);
    return repository;
  }

  /** From now on the App is not installed any more: its tokens are refused. */
  uninstall(repository: Repository): void {
    this.#installations.delete(repository.installationId);
    for (const [token, { installationId }] of this.#world.tokens)
      if (installationId === repository.installationId) this.#world.tokens.delete(token);
  }

  /** The next `times` requests of the route suffer this; told faults are used in order. */
  fault(route: string, fault: Fault, times = 1): void {
    const known = ROUTES.find(({ name }) => name === route);
    if (known === undefined) throw new Error(`no route ${route}`);
    if (known.auth === "git" && fault.kind !== "answer" && fault.when === "after")
      throw new Error("git's answers are streamed: they fail before or not at all");
    this.#faults.add(route, fault, times);
  }

  /** Resolves when the condition holds; looked at when a request comes and when it was answered. Rejects after the deadline. */
  async until(condition: () => boolean, deadlineMs = 60_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`not seen within ${deadlineMs} ms; requests: ${this.#story()}`));
      }, deadlineMs);
      const look = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #story(): string {
    return this.requests.map(({ method, url, status }) => `${method} ${url} ${status}`).join(", ");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const method = request.method ?? "GET";
    const route = ROUTES.find((each) => each.method === method && each.path.test(url.pathname)) ?? null;
    const record: RecordedRequest = {
      route: route?.name ?? null,
      method,
      url: url.pathname + url.search,
      headers: request.headers,
      body: undefined,
      status: 0,
    };
    this.requests.push(record);
    for (const look of this.#watchers) look();
    response.once("close", () => {
      record.status = response.headersSent ? response.statusCode : 0;
      for (const look of this.#watchers) look();
    });
    try {
      if (route === null) return this.#refuse(response, 404, `nobody may call ${method} ${url.pathname}`);
      await this.#answer(route, record, url, request, response);
    } catch (error) {
      // The caller left, or git ended early; the record shows status 0 or a cut answer.
      response.destroy(error instanceof Error ? error : undefined);
    }
  }

  async #answer(
    route: Route,
    record: RecordedRequest,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const params = { ...route.path.exec(url.pathname)?.groups };
    for (const name of Object.keys(params)) params[name] = decodeURIComponent(params[name] ?? "");
    const query = Object.fromEntries(url.searchParams);
    const body = route.body === null ? undefined : await readJson(request);
    Object.assign(record, { body });
    const fault = this.#faults.take(route.name);
    if (!(await suffer(fault, "before", response))) return;

    const repository = this.#repositories.get(`${params["owner"]}/${params["repo"]}`.toLowerCase());
    const refusal = this.#refusal(route, request, repository);
    if (refusal !== null) return sendJson(response, refusal.status, { message: refusal.message });
    const wrong =
      misfit("path", route.params, params) ??
      misfit("query", route.query, query) ??
      (route.body === null ? null : misfit("body", route.body, body)) ??
      wrongHeaders(route, request);
    if (wrong !== null) return this.#refuse(response, 422, `${route.name}: ${wrong}`);

    const exchange = { request, response, params, query, body, repository: repository ?? NO_REPOSITORY };
    if (fault === null || fault.kind === "answer" || fault.when === "before")
      return route.answer(this.#world, exchange);
    await answerLate(route, this.#world, exchange, fault);
  }

  /** Who may not come in, and how GitHub says so. */
  #refusal(
    route: Route,
    request: IncomingMessage,
    repository: Repository | undefined,
  ): { readonly status: number; readonly message: string } | null {
    const authorization = request.headers.authorization;
    if (route.auth === "app") {
      const message = faultOfAppJwt(authorization, this.app, this.#world.nowMs());
      return message === null ? null : { status: 401, message };
    }
    const token = this.#world.tokens.get(tokenOf(route, authorization));
    if (token === undefined || token.expiresAtMs <= this.#world.nowMs())
      return { status: 401, message: "Bad credentials" };
    const visible =
      repository !== undefined &&
      repository.installationId === token.installationId &&
      (token.repositoryIds?.includes(repository.id) ?? true);
    if (!visible) return { status: 404, message: "Not Found" };
    if (route.needs === null || token.permissions === null) return null;
    const [name, level] = route.needs;
    const held = name === "metadata" ? "read" : token.permissions[name];
    return held === "write" || held === level
      ? null
      : { status: 403, message: "Resource not accessible by integration" };
  }

  #refuse(response: ServerResponse, status: number, why: string): void {
    this.violations.push(why);
    sendJson(response, status, { message: why });
  }
}

/** Does the work, then loses or delays the answer: the outcome is unknown to the caller. */
async function answerLate(
  route: Route,
  world: World,
  exchange: Parameters<Route["answer"]>[1],
  fault: Fault,
): Promise<void> {
  const { response } = exchange;
  const kept: unknown[][] = [];
  const keep = (...written: unknown[]) => {
    kept.push(written);
    return response;
  };
  Object.assign(response, { writeHead: keep, end: keep });
  await route.answer(world, exchange);
  if (!(await suffer(fault, "after", response))) return;
  Reflect.deleteProperty(response, "writeHead");
  Reflect.deleteProperty(response, "end");
  const [head, body] = kept;
  response.writeHead(head?.[0] as number, head?.[1] as Record<string, string>);
  response.end(body?.[0]);
}

function tokenOf(route: Route, authorization: string | undefined): string {
  if (route.auth === "token")
    return /^(?:token|bearer) (ghs_[0-9a-f]+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const basic = /^basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return /^x-access-token:(ghs_[0-9a-f]+)$/.exec(Buffer.from(basic, "base64").toString())?.[1] ?? "";
}

function misfit(what: string, schema: TSchema, value: unknown): string | null {
  if (Check(schema, value)) return null;
  const [first] = Errors(schema, value);
  return `${what}${first?.instancePath ?? ""} ${first?.message ?? "does not fit"}`;
}

function wrongHeaders(route: Route, request: IncomingMessage): string | null {
  const { accept, "user-agent": userAgent, "content-type": contentType } = request.headers;
  if (userAgent === undefined || userAgent === "") return "a request without user-agent";
  if (route.auth === "git") return null;
  if (!accept?.startsWith("application/vnd.github")) return `accept ${accept ?? "is missing"}`;
  const hasBody =
    (request.headers["content-length"] ?? "0") !== "0" || "transfer-encoding" in request.headers;
  if (hasBody && !contentType?.startsWith("application/json"))
    return `content-type ${contentType ?? "is missing"}`;
  return null;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw new Error("the body is too large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? {} : (JSON.parse(text) as unknown);
}

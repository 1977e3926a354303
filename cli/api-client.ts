import type { HealthView, LocalRunRequest, PlanView, RunList, RunView } from "../schemas/api.ts";
import { CliFailure } from "./failure.ts";
import { readEventStream } from "./event-stream.ts";

export interface ServerAddress {
  /** `http://host:port`, without a path. */
  readonly url: string;
  readonly token: string | null;
}

/** A server that answers nothing at all within this time counts as unreachable; streams have no such limit. */
const ANSWER_MS_MAX = 15_000;

/**
 * The control plane's API for people, over HTTP. Every method throws CliFailure: `server_unreachable`
 * when nothing answers, else what the server's own answer means.
 */
export class ApiClient {
  readonly address: ServerAddress;

  constructor(address: ServerAddress) {
    this.address = address;
  }

  health(): Promise<HealthView> {
    return this.read("/api/v1/health");
  }

  runs(query: {
    limit: number;
    before?: string | undefined;
    repository?: string | undefined;
  }): Promise<RunList> {
    const search = new URLSearchParams({ limit: String(query.limit) });
    if (query.before !== undefined) search.set("before", query.before);
    if (query.repository !== undefined) search.set("repository", query.repository);
    return this.read(`/api/v1/runs?${search.toString()}`);
  }

  run(id: string): Promise<RunView> {
    return this.read(`/api/v1/runs/${encodeURIComponent(id)}`);
  }

  plan(id: string): Promise<PlanView> {
    return this.read(`/api/v1/runs/${encodeURIComponent(id)}/plan`);
  }

  start(request: LocalRunRequest): Promise<RunView> {
    return this.read("/api/v1/runs", { method: "POST", body: request });
  }

  cancel(id: string): Promise<RunView> {
    return this.read(`/api/v1/runs/${encodeURIComponent(id)}/cancel`, { method: "POST", body: {} });
  }

  rerun(id: string): Promise<RunView> {
    return this.read(`/api/v1/runs/${encodeURIComponent(id)}/rerun`, { method: "POST", body: {} });
  }

  /** The run on every change until it has ended. Ends early when the connection does. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<RunView> {
    const response = await this.send(`/api/v1/runs/${encodeURIComponent(id)}/events`, { signal });
    for await (const event of readEventStream(response)) {
      if (event.data !== "") yield JSON.parse(event.data) as RunView;
    }
  }

  /** Log bytes of one stream from an offset; with `follow` it goes on until the stream is closed. */
  async *log(
    attempt: string,
    stream: number,
    options: { offset: number; follow: boolean; signal?: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    const search = new URLSearchParams({ offset: String(options.offset), follow: String(options.follow) });
    const path = `/api/v1/attempts/${encodeURIComponent(attempt)}/logs/${stream}?${search.toString()}`;
    const response = await this.send(path, options.signal === undefined ? {} : { signal: options.signal });
    if (response.body !== null) yield* response.body;
  }

  /** All bytes of an artifact. A connection that breaks, or an answer that is cut short, throws what `fetch` does. */
  async *artifact(attempt: string, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = `/api/v1/attempts/${encodeURIComponent(attempt)}/artifacts/${encodeURIComponent(name)}`;
    const response = await this.send(path, { signal });
    if (response.body !== null) yield* response.body;
  }

  private async read<Answer>(
    path: string,
    options: { method?: string; body?: unknown } = {},
  ): Promise<Answer> {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await this.send(path, { ...options, signal });
    try {
      return (await response.json()) as Answer;
    } catch (error) {
      throw new CliFailure(
        "server_unreachable",
        `${this.address.url} did not answer as Delta CI does`,
        null,
        error,
      );
    }
  }

  private async send(
    path: string,
    options: { method?: string; body?: unknown; signal?: AbortSignal },
  ): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.address.token !== null) headers["authorization"] = `Bearer ${this.address.token}`;
    if (options.body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(new URL(path, this.address.url), {
        method: options.method ?? "GET",
        headers,
        redirect: "error",
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      const hint = "Is it running? `delta up` starts one, `delta doctor` looks for what is wrong.";
      throw new CliFailure(
        "server_unreachable",
        `no control plane answers at ${this.address.url}`,
        hint,
        error,
      );
    }
    if (!response.ok) throw await refusal(response, this.address);
    return response;
  }
}

async function refusal(response: Response, address: ServerAddress): Promise<CliFailure> {
  const body = (await response.json().catch(() => null)) as { message?: unknown } | null;
  const said = typeof body?.message === "string" ? body.message : `it answered ${response.status}`;
  const { status } = response;
  if (status === 401 || status === 403) {
    const hint = "Give its API token with --token-file FILE or in DELTA_TOKEN.";
    return new CliFailure("unauthorized", `${address.url} refuses the token: ${said}`, hint);
  }
  if (status === 404 || status === 410) return new CliFailure("not_found", said);
  if (status === 409 || status === 422) return new CliFailure("refused", said);
  if (status === 400) return new CliFailure("usage", said);
  return new CliFailure("server_unreachable", `${address.url}: ${said}`);
}

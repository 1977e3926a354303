import type { IncomingMessage, ServerResponse } from "node:http";
import type { Repository } from "./state.ts";

/** One request being answered, after its path, query and body passed their schemas. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON of routes that have a body schema, else undefined. */
  readonly body: unknown;
  /** The repository the path names; of the App's own routes, one that stands for none. */
  readonly repository: Repository;
}

export interface RecordedRequest {
  /** The route's name, such as `POST /repos/{owner}/{repo}/check-runs`; null when none fits. */
  readonly route: string | null;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  /** Filled in once answered; 0 when the connection was dropped. */
  status: number;
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "x-ratelimit-remaining": "4999",
  });
  response.end(text);
}

import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers one git smart HTTP request for a repository on disk by git's own CGI program, read only. */
export async function serveGit(
  repository: string,
  pathInfo: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { headers } = request;
  const backend = spawn("git", ["-c", "uploadpack.allowAnySHA1InWant=true", "http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: repository,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathInfo,
      REQUEST_METHOD: request.method,
      QUERY_STRING: request.url?.split("?")[1] ?? "",
      CONTENT_TYPE: headers["content-type"] ?? "",
      GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    },
  });
  backend.stdin.on("error", () => {});
  request.pipe(backend.stdin);
  const parts: Buffer[] = [];
  for await (const part of backend.stdout as AsyncIterable<Buffer>) parts.push(part);
  const answer = Buffer.concat(parts);
  const end = answer.indexOf("\r\n\r\n");
  let status = 200;
  for (const line of answer.subarray(0, end).toString("latin1").split("\r\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name === "Status") status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status).end(answer.subarray(end + 4));
}

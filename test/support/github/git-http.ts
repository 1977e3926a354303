import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** Settings of the machine and of its user change nothing here. */
const environment = {
  PATH: process.env["PATH"] ?? "",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/**
 * What GitHub's own git servers allow: any commit that exists may be asked for by its id, also one
 * of a pull request from a fork.
 */
const settings = ["-c", "uploadpack.allowAnySHA1InWant=true", "-c", "safe.directory=*"];

function uploadPack(request: IncomingMessage, path: string, advertise: boolean) {
  const protocol = request.headers["git-protocol"];
  const only = advertise ? ["--advertise-refs"] : [];
  return spawn("git", [...settings, "upload-pack", "--stateless-rpc", ...only, path], {
    env: typeof protocol === "string" ? { ...environment, GIT_PROTOCOL: protocol } : environment,
    stdio: ["pipe", "pipe", "ignore"],
  });
}

/** `GET /info/refs?service=git-upload-pack`: the first half of git's smart HTTP. */
export async function answerInfoRefs(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  response.writeHead(200, {
    "content-type": "application/x-git-upload-pack-advertisement",
    "cache-control": "no-cache",
  });
  if (request.headers["git-protocol"] === undefined) response.write("001e# service=git-upload-pack\n0000");
  else if (!String(request.headers["git-protocol"]).includes("version=2"))
    response.write("001e# service=git-upload-pack\n0000");
  const child = uploadPack(request, path, true);
  child.stdin.end();
  await pipeline(child.stdout, response);
}

/** `POST /git-upload-pack`: one exchange of the second half. */
export async function answerUploadPack(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
  const child = uploadPack(request, path, false);
  response.once("close", () => child.kill());
  const body = request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
  await Promise.all([pipeline(body, child.stdin), pipeline(child.stdout, response)]);
}

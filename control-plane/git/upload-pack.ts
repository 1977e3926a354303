import type { Readable } from "node:stream";
import { mirrorEnvironment } from "./git-environment.ts";
import { endGit, spawnGit } from "./git-process.ts";
import { pinnedRef } from "./mirror.ts";

/** A fetch that is still going after this has a client that reads too slowly to ever end. */
const UPLOAD_TIMEOUT_MS = 30 * 60_000;

export interface UploadPackRequest {
  /** Bare mirror to serve from. */
  readonly path: string;
  /** The only commit whose history may be fetched. */
  readonly commit: string;
  /** null: list the refs. Bytes: one request of the client. */
  readonly input: Uint8Array | null;
  /** The client's `Git-Protocol` header. */
  readonly protocol: string | null;
}

export interface UploadPack {
  readonly output: Readable;
  /** Ends the process and the output; safe when repeated or after the end. */
  stop(): void;
}

/**
 * One exchange of git's read side on a mirror. It lists the one ref that pins the commit and no other, not
 * even HEAD. In protocol 2 a client may ask for objects by id regardless of refs, so the caller
 * checks the request with `asksOnlyFor` first.
 */
export function startUploadPack(request: UploadPackRequest): UploadPack {
  const { path, commit, input, protocol } = request;
  const settings = [
    "uploadpack.hideRefs=refs/",
    "uploadpack.hideRefs=HEAD",
    `uploadpack.hideRefs=!${pinnedRef(commit)}`,
    "uploadpack.allowFilter=false",
    "uploadpack.allowTipSHA1InWant=false",
    "uploadpack.allowReachableSHA1InWant=false",
    "uploadpack.allowAnySHA1InWant=false",
  ];
  const args = [
    ...settings.flatMap((setting) => ["-c", setting]),
    "upload-pack",
    "--stateless-rpc",
    ...(input === null ? ["--advertise-refs"] : []),
    path,
  ];
  const child = spawnGit(
    { path, trusted: [] },
    {
      arguments: args,
      environment: { ...mirrorEnvironment(), ...(protocol === null ? {} : { GIT_PROTOCOL: protocol }) },
      // Another process packs the objects, which takes minutes in a large repository before it writes anything.
      group: true,
    },
  );
  const late = setTimeout(() => endGit(child, true), UPLOAD_TIMEOUT_MS);
  child.once("close", () => clearTimeout(late));
  child.stderr.resume();
  // git may end before it has read everything; its output says what it thought of the request.
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? undefined);
  child.on("error", (error) => child.stdout.destroy(error));
  return {
    output: child.stdout,
    stop() {
      endGit(child, true);
      child.stdout.destroy();
    },
  };
}

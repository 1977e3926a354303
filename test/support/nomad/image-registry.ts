import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** A registry of one image on loopback, by the protocol that Docker speaks. */
export interface ImageRegistry {
  /** The image by its digest: it holds nothing but the folder that the runner is mounted at. */
  readonly image: string;
  /** The same place with a digest that it does not have. */
  readonly missing: string;
  /** Layers are answered from now on; until then whoever asks for one waits. */
  release(): void;
  close(): Promise<void>;
}

export async function startImageRegistry(): Promise<ImageRegistry> {
  const blobs = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  const keep = (bytes: Buffer, type: string): { mediaType: string; size: number; digest: string } => {
    const digest = digestOf(bytes);
    blobs.set(digest, { type, bytes });
    return { mediaType: type, size: bytes.length, digest };
  };
  const tar = layerTar();
  const layer = keep(gzipSync(tar), "application/vnd.docker.image.rootfs.diff.tar.gzip");
  const rootfs = { type: "layers", diff_ids: [digestOf(tar)] };
  const description = { architecture: architecture(), os: "linux", config: {}, rootfs };
  const config = keep(
    Buffer.from(JSON.stringify(description)),
    "application/vnd.docker.container.image.v1+json",
  );
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] };
  const { digest } = keep(Buffer.from(JSON.stringify(manifest)), MANIFEST);

  const waiting = new Set<() => void>();
  let isOpen = false;
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url === "/v2/") {
      response.end("{}");
      return;
    }
    const wanted = /\/(?:manifests|blobs)\/(sha256:[0-9a-f]{64})$/.exec(url)?.[1] ?? "";
    const answer = (): void => give(response, blobs.get(wanted), wanted, request.method === "HEAD");
    if (isOpen || wanted !== layer.digest) answer();
    else waiting.add(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const repository = `127.0.0.1:${typeof address === "object" ? address?.port : 0}/base`;
  return {
    image: `${repository}@${digest}`,
    missing: `${repository}@${digestOf(Buffer.from("missing"))}`,
    release() {
      isOpen = true;
      for (const answer of waiting) answer();
      waiting.clear();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function give(
  response: ServerResponse,
  blob: { readonly type: string; readonly bytes: Buffer } | undefined,
  digest: string,
  isHead: boolean,
): void {
  if (blob === undefined) {
    const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
    response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ errors }));
    return;
  }
  const { type, bytes } = blob;
  response.writeHead(200, {
    "content-type": type,
    "content-length": bytes.length,
    "docker-content-digest": digest,
  });
  response.end(isHead ? undefined : bytes);
}

function layerTar(): Buffer {
  const work = mkdtempSync(join(tmpdir(), "delta-layer-"));
  try {
    mkdirSync(join(work, "content/delta"), { recursive: true });
    const archive = join(work, "layer.tar");
    execFileSync("tar", ["--create", "--file", archive, "--directory", join(work, "content"), "."]);
    return readFileSync(archive);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Docker's name of this machine's processor. */
function architecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

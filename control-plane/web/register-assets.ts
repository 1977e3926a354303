import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { FastifyInstance } from "fastify";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** All that pages load, and all that is served. */
const ASSETS = [
  "style.css",
  "log.css",
  "icon.svg",
  "run.js",
  "runs.js",
  "merge.js",
  "moments.js",
  "log-view.js",
  "ansi.js",
  "login.js",
] as const;

/** Files of ours, read once. Browsers ask each time, so that a newer server never meets an older script. */
export function registerAssets(app: FastifyInstance): void {
  for (const name of ASSETS) {
    const bytes = readFileSync(new URL(`./assets/${name}`, import.meta.url));
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    app.get(`/assets/${name}`, (_request, reply) =>
      reply.type(type).header("cache-control", "no-cache").send(bytes),
    );
  }
}

#!/usr/bin/env node
// Starts the runner: from its sources in a checkout, from the built modules beside it or in the package.
import { existsSync } from "node:fs";

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`delta-runner: needs Node 24 or newer; this is ${process.versions.node}\n`);
  process.exit(64);
}
const places = ["./main.ts", "./main.js", "../dist/runner/main.js"];
const entry = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
if (entry === undefined) throw new Error(`the runner is not built: none of ${places.join(", ")} exists`);
await import(entry.href);

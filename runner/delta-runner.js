#!/usr/bin/env node
// Starts the runner: from its sources in a checkout, from the built file in the package.
import { existsSync } from "node:fs";

const sources = new URL("./main.ts", import.meta.url);
const built = new URL("../dist/runner/delta-runner.mjs", import.meta.url);
await import((existsSync(sources) ? sources : built).href);

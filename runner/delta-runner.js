#!/usr/bin/env node
// Starts the runner: from its sources in a checkout, from the built module in the package.
import { existsSync } from "node:fs";

const sources = new URL("./main.ts", import.meta.url);
const built = new URL("../dist/runner/main.js", import.meta.url);
await import((existsSync(sources) ? sources : built).href);

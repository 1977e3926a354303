import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";
import postgres from "../support/postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The browser's program; null when there is none, in which case the tests do not run. */
    browserProgram: string | null;
  }
}

/** What Debian, Fedora and others call the browser, in the order of preference. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * Looks once for a browser and says what will not run without one. DELTA_BROWSER names another
 * program. With DELTA_BROWSER_REQUIRED=1 a missing browser is a failure: a build that promises these
 * tests must not pass without them.
 */
export default function setup(project: TestProject): () => Promise<void> {
  const program = findBrowser();
  if (program === null) {
    const because = `no ${PROGRAMS.join(", ")} on PATH; "apt-get install chromium" brings one`;
    console.log(`not run, because: ${because}`);
    if (process.env["DELTA_BROWSER_REQUIRED"] === "1") {
      throw new Error(`DELTA_BROWSER_REQUIRED is set and there is ${because}`);
    }
  }
  project.provide("browserProgram", program);
  return postgres();
}

function findBrowser(): string | null {
  const named = process.env["DELTA_BROWSER"];
  if (named !== undefined) {
    return named;
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

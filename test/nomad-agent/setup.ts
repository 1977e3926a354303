import type { TestProject } from "vitest/node";
import { findNomadBinary } from "./binary.ts";
import type { Part } from "./parts.ts";

/**
 * Looks once for what the tests need and says what will not run. With DELTA_NOMAD_REQUIRED=1 a
 * missing part is a failure: a build that promises these tests must not pass without them.
 */
export default async function setup(project: TestProject): Promise<void> {
  const missing: Partial<Record<Part, string>> = {};
  const nomad = await findNomadBinary();
  if (nomad.path === null) missing.agent = nomad.because;
  else if (process.platform !== "linux") missing.agent = "the tests of a real agent need Linux";
  else if (process.getuid?.() !== 0) missing.agent = "Nomad's client needs root";
  for (const [part, because] of Object.entries(missing)) console.log(`not run, because: ${part}: ${because}`);
  if (process.env["DELTA_NOMAD_REQUIRED"] === "1" && Object.keys(missing).length > 0) {
    throw new Error("DELTA_NOMAD_REQUIRED is set and parts are missing");
  }
  project.provide("nomadMissingParts", missing);
}

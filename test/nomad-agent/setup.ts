import type { TestProject } from "vitest/node";
import { findNomadBinary } from "./binary.ts";
import { buildNomad } from "./build/build-nomad.ts";
import { DOCKER_PART, type Machine, providePart, QEMU_PART } from "./machine-parts.ts";
import type { Part } from "./parts.ts";

/**
 * Looks once for what the tests need, brings what may be brought (Nomad is built where Go is, Docker and QEMU
 * come from Debian's packages where this is root), and says what will not run. With
 * DELTA_NOMAD_REQUIRED=1 a missing part is a failure: a build that promises these tests must not pass
 * without them.
 */
export default async function setup(project: TestProject): Promise<void> {
  const machine: Machine = { path: process.env["PATH"] ?? "", isRoot: process.getuid?.() === 0 };
  const agent = await absentAgent(machine);
  const docker = agent ?? (await providePart(DOCKER_PART, machine));
  const qemu = agent ?? (await providePart(QEMU_PART, machine));
  const missing: Partial<Record<Part, string>> = {
    ...(agent !== null && { agent }),
    ...(docker !== null && { docker }),
    ...(qemu !== null && { qemu }),
  };
  for (const [part, because] of Object.entries(missing)) console.log(`not run, because: ${part}: ${because}`);
  if (process.env["DELTA_NOMAD_REQUIRED"] === "1" && Object.keys(missing).length > 0) {
    throw new Error("DELTA_NOMAD_REQUIRED is set and parts are missing");
  }
  project.provide("nomadMissingParts", missing);
}

async function absentAgent({ isRoot }: Machine): Promise<string | null> {
  if (process.platform !== "linux") return "the tests of a real agent need Linux";
  if (!isRoot) return "Nomad's client needs root";
  const found = await findNomadBinary();
  if (found.path !== null) return null;
  if (!found.canBuild) return found.because;
  try {
    await buildNomad(console.log);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

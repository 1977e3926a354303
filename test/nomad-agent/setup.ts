import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";
import { findNomadBinary } from "./binary.ts";
import type { Part } from "./parts.ts";

/**
 * Looks once for what the tests need and says what will not run. With DELTA_NOMAD_REQUIRED=1 a
 * missing part is a failure: a build that promises these tests must not pass without them.
 */
export default async function setup(project: TestProject): Promise<void> {
  const agent = await absentAgent();
  const docker = agent ?? (await absentPrograms("docker", "dockerd", "docker-init", "debootstrap"));
  const missing: Partial<Record<Part, string>> = {
    ...(agent !== null && { agent }),
    ...(docker !== null && { docker }),
  };
  for (const [part, because] of Object.entries(missing)) console.log(`not run, because: ${part}: ${because}`);
  if (process.env["DELTA_NOMAD_REQUIRED"] === "1" && Object.keys(missing).length > 0) {
    throw new Error("DELTA_NOMAD_REQUIRED is set and parts are missing");
  }
  project.provide("nomadMissingParts", missing);
}

async function absentAgent(): Promise<string | null> {
  const nomad = await findNomadBinary();
  if (nomad.path === null) return nomad.because;
  if (process.platform !== "linux") return "the tests of a real agent need Linux";
  return process.getuid?.() === 0 ? null : "Nomad's client needs root";
}

/** The packages that bring them on Debian, when some program is not on PATH. */
async function absentPrograms(...programs: readonly string[]): Promise<string | null> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const isThere = async (program: string): Promise<boolean> =>
    (
      await Promise.all(
        folders.map((folder) =>
          access(join(folder, program)).then(
            () => true,
            () => false,
          ),
        ),
      )
    ).includes(true);
  const absent: string[] = [];
  for (const program of programs) if (!(await isThere(program))) absent.push(program);
  if (absent.length === 0) return null;
  return `${absent.join(", ")} not on PATH; "apt-get install docker.io tini debootstrap" brings them`;
}

import type { DispatchRequest } from "../schemas/dispatcher.ts";
import type { NomadPool, NomadResources } from "./config.ts";
import type { NomadConstraint } from "./job-types.ts";

const BYTES_PER_MEGABYTE = 1024 * 1024;

/** What the job asks for, or else what its pool gives. Rounded up to whole megabytes. */
export function resourcesOf(request: DispatchRequest, pool: NomadPool): NomadResources {
  const { cpu_millis, memory_bytes, disk_bytes } = request.job.resources;
  return {
    cpuMillis: cpu_millis ?? pool.resources.cpuMillis,
    memoryMegabytes:
      memory_bytes === null ? pool.resources.memoryMegabytes : Math.ceil(memory_bytes / BYTES_PER_MEGABYTE),
    diskMegabytes:
      disk_bytes === null ? pool.resources.diskMegabytes : Math.ceil(disk_bytes / BYTES_PER_MEGABYTE),
  };
}

/** A wish above the pool's ceiling is refused in words: cutting it would fail later and elsewhere. */
export function resourceRefusal(asked: NomadResources, most: NomadResources, pool: string): string | null {
  const over = (what: string, wish: number, limit: number, unit: string): string | null =>
    wish > limit
      ? `the job asks for ${wish} ${unit} of ${what}; pool "${pool}" gives at most ${limit}`
      : null;
  return (
    over("cpu", asked.cpuMillis, most.cpuMillis, "thousandths of a core") ??
    over("memory", asked.memoryMegabytes, most.memoryMegabytes, "MiB") ??
    over("disk", asked.diskMegabytes, most.diskMegabytes, "MiB")
  );
}

/** Names of the pipeline language on the left, of Nomad's fingerprint (Go's) on the right. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  x64: "amd64",
  amd64: "amd64",
  aarch64: "arm64",
  arm64: "arm64",
};

export function constraintsOf(request: DispatchRequest): readonly NomadConstraint[] {
  const { os, arch } = request.job.runner;
  const constraints: NomadConstraint[] = [{ LTarget: "${attr.kernel.name}", Operand: "=", RTarget: os }];
  if (arch !== null) {
    constraints.push({ LTarget: "${attr.cpu.arch}", Operand: "=", RTarget: ARCHITECTURES[arch] ?? arch });
  }
  return constraints;
}

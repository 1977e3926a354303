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

/** From the weakest; a pool serves a wish for its own kind and for every weaker one. */
const ISOLATIONS = ["process", "container", "vm"] as const;

const ISOLATION_OF_DRIVER: Readonly<Record<string, (typeof ISOLATIONS)[number]>> = {
  docker: "container",
  qemu: "vm",
};

/** `name` or `name=value`, as the pipeline language has labels; nothing that Nomad would interpolate. */
const LABEL = /^([a-z0-9][a-z0-9._-]*)(?:=([a-z0-9._=-]*))?$/;

/** What the job asks of its surroundings and a Nomad pool does not give; null when there is nothing. */
export function wishRefusal({ job }: DispatchRequest, pool: string, driver: string): string | null {
  if (job.services.length > 0) {
    const names = job.services.map(({ name }) => `"${name}"`).join(", ");
    return `pool "${pool}" runs no services beside a job; it asks for ${names}`;
  }
  const given = ISOLATION_OF_DRIVER[driver] ?? "process";
  const asked = job.runner.isolation ?? given;
  if (ISOLATIONS.indexOf(asked) > ISOLATIONS.indexOf(given)) {
    return `the job asks for isolation "${asked}"; pool "${pool}" gives "${given}"`;
  }
  if (job.network !== null && job.network.egress !== "none") {
    return `pool "${pool}" has no egress "${job.network.egress}"`;
  }
  const odd = job.runner.labels.find((label) => !LABEL.test(label));
  return odd === undefined ? null : `"${odd}" is not a label`;
}

/** Names of the pipeline language on the left, of Nomad's fingerprint (Go's) on the right. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  x64: "amd64",
  amd64: "amd64",
  aarch64: "arm64",
  arm64: "arm64",
};

/** A label is the client's `meta` entry `delta_<name>`, with its value or `true`. */
export function constraintsOf(request: DispatchRequest): readonly NomadConstraint[] {
  const { os, arch, labels } = request.job.runner;
  const constraints: NomadConstraint[] = [{ LTarget: "${attr.kernel.name}", Operand: "=", RTarget: os }];
  if (arch !== null) {
    constraints.push({ LTarget: "${attr.cpu.arch}", Operand: "=", RTarget: ARCHITECTURES[arch] ?? arch });
  }
  for (const label of labels) {
    const [, name = "", value = "true"] = LABEL.exec(label) ?? [];
    constraints.push({ LTarget: `\${meta.delta_${name}}`, Operand: "=", RTarget: value });
  }
  return constraints;
}

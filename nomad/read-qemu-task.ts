import { Type, type Static } from "typebox";
import { qemuProfile } from "./profiles/qemu.ts";
import { RUNNER_DISK_NAME } from "./runner-disk.ts";
import type { TaskProfile } from "./task-profile.ts";

const strict = { additionalProperties: false } as const;
/** Paths become parts of QEMU's options, where a comma or a space would begin another one, and `$` a variable of Nomad's. */
const ClientPath = Type.String({ pattern: "^/[A-Za-z0-9._/-]+$" });
const ImageName = "^[a-z0-9][a-z0-9._-]{0,62}$";

/** A claim is given up after two minutes; the wait for a machine has to end before, with its own reason. */
const BOOT_SECONDS_MAX = 100;
const BOOT_SECONDS_DEFAULT = 60;
/** QEMU with its buffers takes about 120 MiB, each of the relay's pipes 20; emulating it keeps up to a GiB of translated code. */
const MEMORY_OVERHEAD_MEGABYTES_DEFAULT = { kvm: 320, tcg: 1_344 } as const;
const PIDS_LIMIT_DEFAULT = 4_096;

const CatalogueImage = Type.Object(
  {
    disk: ClientPath,
    kernel: ClientPath,
    initrd: ClientPath,
    append: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9._=/,: -]+$" })),
  },
  strict,
);

/** The `task` of a pool of virtual machines, as operators write it. */
export const QemuTask = Type.Object(
  {
    driver: Type.Literal("qemu"),
    images: Type.Record(Type.String({ pattern: ImageName }), CatalogueImage, { ...strict, minProperties: 1 }),
    default_image: Type.Optional(Type.String({ pattern: ImageName })),
    runner_folder: Type.Optional(ClientPath),
    runner_disk: Type.Optional(ClientPath),
    accelerator: Type.Optional(Type.Enum(["tcg", "kvm"] as const)),
    machine: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9.-]*$" })),
    user: Type.Optional(Type.String({ minLength: 1 })),
    memory_overhead_mb: Type.Optional(Type.Integer({ minimum: 64, maximum: 4_096 })),
    boot_timeout_s: Type.Optional(Type.Integer({ minimum: 1, maximum: BOOT_SECONDS_MAX })),
    pids_limit: Type.Optional(Type.Integer({ minimum: 16 })),
  },
  strict,
);
export type QemuTask = Static<typeof QemuTask>;

/** What is wrong with a task beyond its shape, as `place: sentence`; null when it can be used. */
export function qemuTaskFault(task: QemuTask): string | null {
  const { default_image, images } = task;
  if (default_image === undefined || Object.hasOwn(images, default_image)) return null;
  const known = Object.keys(images).sort().join(", ");
  return `/default_image: there is no image "${default_image}" in /images; its names are ${known}`;
}

export function qemuProfileOf(task: QemuTask): TaskProfile {
  const runnerFolder = task.runner_folder ?? "/opt/delta";
  const accelerator = task.accelerator ?? "kvm";
  const images = Object.entries(task.images).map(
    ([name, image]) => [name, { ...image, append: image.append ?? null }] as const,
  );
  return qemuProfile({
    catalogue: { images: Object.fromEntries(images), defaultImage: task.default_image ?? null },
    runnerFolder,
    runnerDisk: task.runner_disk ?? `${runnerFolder}/${RUNNER_DISK_NAME}`,
    accelerator,
    machineType: task.machine ?? "q35",
    user: task.user ?? "nobody",
    memoryOverheadMegabytes: task.memory_overhead_mb ?? MEMORY_OVERHEAD_MEGABYTES_DEFAULT[accelerator],
    bootMs: (task.boot_timeout_s ?? BOOT_SECONDS_DEFAULT) * 1_000,
    pidsLimit: task.pids_limit ?? PIDS_LIMIT_DEFAULT,
  });
}

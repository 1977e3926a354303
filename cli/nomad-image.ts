import { buildMachineImage, type MachineImage, type MachineImageOptions } from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";

/** Makes the image's files in a folder. Returns where each is. */
export async function makeMachineImage(folder: string, options: MachineImageOptions): Promise<MachineImage> {
  try {
    return await buildMachineImage(folder, options);
  } catch (error) {
    const hint =
      'It runs as root on Debian; "apt-get install debootstrap e2fsprogs qemu-utils xz-utils" brings what it needs.';
    throw new CliFailure("state_unwritable", `${folder}: ${(error as Error).message}`, hint, error);
  }
}

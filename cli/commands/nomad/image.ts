import { integer, string } from "@oclif/core/flags";
import type { MachineImage } from "../../../nomad/index.ts";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { writeData } from "../../output.ts";

export class NomadImage extends DeltaCommand {
  static override summary = "Make an image that virtual machines of a Nomad pool boot.";
  static override description =
    "Writes a kernel, a first file system that finds the runner, and a root disk, out of Debian packages or of files of your own such as an exported container. Runs as root on Debian, x86-64; mounts nothing and installs nothing. Prints the entry for a pool's catalogue. docs/operate/nomad-machines.md says what a root of your own must have.";
  static override examples = [
    "<%= config.bin %> nomad image --out /opt/delta/images/debian-12",
    "<%= config.bin %> nomad image --out /opt/delta/images/node --include git,ca-certificates,nodejs,npm",
    "<%= config.bin %> nomad image --out /opt/delta/images/build --from rootfs.tar --size-mb 20000",
  ];
  static override flags = {
    out: string({ summary: "Folder to make or to bring up to date.", helpValue: "DIR", required: true }),
    from: string({
      summary: "Folder or tar archive to use as the root, instead of Debian packages.",
      helpValue: "PATH",
      exclusive: ["suite", "include", "mirror"],
    }),
    suite: string({ summary: "Debian release of the root.", helpValue: "NAME", default: "bookworm" }),
    include: string({
      summary: "Debian packages beside a minimal system.",
      helpValue: "LIST",
      default: "git,ca-certificates",
    }),
    mirror: string({ summary: "Debian mirror; the default is debootstrap's own.", helpValue: "URL" }),
    "size-mb": integer({
      summary: "Size of the root disk as machines see it; the file holds what is used.",
      helpValue: "MIB",
      default: 8_192,
      min: 256,
    }),
  };

  async run(): Promise<JsonAnswer & { image: MachineImage }> {
    const { flags } = await this.parse(NomadImage);
    const { makeMachineImage } = await import("../../nomad-image.ts");
    const image = await makeMachineImage(flags.out, {
      megabytes: flags["size-mb"],
      root:
        flags.from === undefined
          ? {
              kind: "debian",
              suite: flags.suite,
              packages: flags.include.split(",").filter((name) => name !== ""),
              mirror: flags.mirror ?? null,
            }
          : { kind: "files", path: flags.from },
    });
    if (!this.jsonEnabled()) writeData(JSON.stringify(image, null, 2));
    return { version: 1, image };
  }
}

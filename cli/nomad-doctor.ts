import { readFile } from "node:fs/promises";
import {
  diagnoseNomad,
  readNomadConfig,
  type DiagnoseOptions,
  type NomadConfig,
  type NomadFinding,
} from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";

/** Reads the control plane's own file and looks at the cluster that it describes. */
export async function diagnoseCluster(
  file: string,
  options: DiagnoseOptions,
): Promise<readonly NomadFinding[]> {
  const address = options.client?.address;
  if (address !== undefined && !/^https?:$/.test(URL.parse(address)?.protocol ?? "")) {
    throw new CliFailure("usage", `"${address}" is no URL of a Nomad agent`, "See --client.");
  }
  return await diagnoseNomad(await configOf(file), options);
}

async function configOf(file: string): Promise<NomadConfig> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CliFailure("file_unreadable", `${file} cannot be read`, null, error);
  }
  try {
    return readNomadConfig(file, text, null).config;
  } catch (error) {
    throw new CliFailure(
      "usage",
      (error as Error).message,
      "docs/operate/nomad.md explains every key.",
      error,
    );
  }
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  applySetup,
  CLIENT_DEFAULTS,
  NomadError,
  setupFiles,
  type AppliedPart,
  type NomadClientConfig,
  type SetupFile,
  type SetupOptions,
} from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";

export interface ApplyTarget {
  readonly address: string | null;
  readonly tokenFile: string | null;
}

export interface SetupAnswer {
  readonly files: readonly { readonly path: string; readonly use: string }[];
  readonly applied: readonly AppliedPart[];
}

/** Writes the files into the folder and, where a target is named, what can be written there to the cluster. */
export async function setUp(
  options: SetupOptions,
  folder: string,
  target: ApplyTarget | null,
): Promise<SetupAnswer> {
  const files = textsOf(options);
  await mkdir(folder, { recursive: true });
  for (const { name, text } of files) await writeNew(join(folder, name), text);
  const written = files.map(({ name, use }) => ({ path: join(folder, name), use }));
  return { files: written, applied: target === null ? [] : await apply(target, options) };
}

function textsOf(options: SetupOptions): readonly SetupFile[] {
  try {
    return setupFiles(options);
  } catch (error) {
    throw new CliFailure(
      "usage",
      (error as Error).message,
      "Use letters, digits and _ . / : - alone.",
      error,
    );
  }
}

/** A file that was changed after an earlier setup is not lost. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
      throw new CliFailure("file_unreadable", `${path} cannot be written`, null, error);
    }
    if ((await readFile(path, "utf8")) === text) return;
    throw new CliFailure(
      "file_exists",
      `${path} is there, with another text`,
      "Name another folder with --out.",
    );
  }
}

async function apply(target: ApplyTarget, options: SetupOptions): Promise<readonly AppliedPart[]> {
  const { env } = process;
  const tls = {
    caFile: env["NOMAD_CACERT"] || null,
    certFile: env["NOMAD_CLIENT_CERT"] || null,
    keyFile: env["NOMAD_CLIENT_KEY"] || null,
    serverName: env["NOMAD_TLS_SERVER_NAME"] || null,
  };
  const client: NomadClientConfig = {
    ...CLIENT_DEFAULTS,
    address: target.address ?? (env["NOMAD_ADDR"] || "http://127.0.0.1:4646"),
    tokenFile: target.tokenFile,
    tls: Object.values(tls).some((value) => value !== null) ? tls : null,
  };
  if (!URL.canParse(client.address)) {
    throw new CliFailure("usage", `"${client.address}" is no URL of a Nomad server`, "See --nomad-address.");
  }
  try {
    return await applySetup(client, options);
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    const isDenied = error.failure === "denied";
    const hint = isDenied ? "Name a file with a management token: --nomad-token-file." : null;
    throw new CliFailure(isDenied ? "unauthorized" : "nomad_failed", error.message, hint, error);
  }
}

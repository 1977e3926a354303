import { readFile, rm } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { Static } from "typebox";
import { RunnerConfig, SweepConfig } from "../schemas/runner-config.ts";
import { validate } from "../schemas/validate.ts";
import { parseAddress } from "./protocol/address.ts";

/** The configuration holds a few names and one token; more is not meant for a runner. */
const CONFIG_BYTES_MAX = 64 * 1024;
/** A dispatcher writes the line right after the start; one that died in between never will. */
const CONFIG_WAIT_MS = 30_000;

export class BadConfiguration extends Error {
  override readonly name = "BadConfiguration";
}

/** Reads the first line of standard input, or the whole named file, which is then deleted. */
export async function readConfigText(file: string | undefined): Promise<string> {
  if (file === undefined) return await readFirstLine(process.stdin);
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new BadConfiguration(`cannot read the configuration file ${file}`, { cause });
  } finally {
    await rm(file, { force: true });
  }
}

export function parseRunnerConfig(text: string): RunnerConfig {
  const config = parse(RunnerConfig, text);
  try {
    parseAddress(config.control_plane);
  } catch (cause) {
    throw new BadConfiguration(`configuration /control_plane: ${(cause as Error).message}`, { cause });
  }
  return config;
}

export function parseSweepConfig(text: string): SweepConfig {
  return parse(SweepConfig, text);
}

function parse<Schema extends typeof RunnerConfig | typeof SweepConfig>(
  schema: Schema,
  text: string,
): Static<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The text holds a token, so neither it nor the parser's message is repeated.
    throw new BadConfiguration("the configuration is not one line of JSON");
  }
  const checked = validate(schema, value);
  if (!checked.ok) throw new BadConfiguration(`configuration ${checked.fault}`);
  const root = checked.value.workspace_root;
  if (!isAbsolute(root))
    throw new BadConfiguration(`configuration /workspace_root: "${root}" is not an absolute path`);
  return checked.value;
}

async function readFirstLine(input: NodeJS.ReadStream): Promise<string> {
  const wait = setTimeout(() => input.destroy(), CONFIG_WAIT_MS);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of input as AsyncIterable<Buffer>) {
      const end = part.indexOf(0x0a);
      parts.push(end < 0 ? part : part.subarray(0, end));
      size += part.length;
      if (end >= 0) return Buffer.concat(parts).toString("utf8");
      if (size > CONFIG_BYTES_MAX) throw new BadConfiguration("the configuration line is too long");
    }
  } catch (cause) {
    if (cause instanceof BadConfiguration) throw cause;
    throw new BadConfiguration("no configuration arrived on standard input", { cause });
  } finally {
    clearTimeout(wait);
    input.destroy();
  }
  throw new BadConfiguration("standard input ended before one line of configuration");
}

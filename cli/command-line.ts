import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Config } from "@oclif/core/config";
import { Help } from "@oclif/core/help";
import { suggest } from "../compiler/diagnostics/suggest.ts";
import { CliFailure } from "./failure.ts";

interface Target {
  /** oclif's id of the command, `runs:list`; null for a topic or the program itself. */
  readonly id: string | null;
  readonly topic: string | null;
  readonly rest: readonly string[];
}

/**
 * Runs any command line, or shows the help it asks for. In a checkout the command map is TypeScript beside this
 * file, in the package it is the built one.
 */
export async function runCommandLine(argv: readonly string[], root: string): Promise<void> {
  const config = await load(root);
  const target = resolve(config.commandIDs, argv[0] === "help" ? [...argv.slice(1), "--help"] : argv);
  if (target.id === null || wantsHelp(target.rest)) await showHelp(config, target);
  else await config.runCommand(target.id, [...target.rest]);
}

async function load(root: string): Promise<Config> {
  const source = import.meta.url.endsWith(".ts");
  const pjson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  pjson.oclif.commands.target = source ? "./cli/commands.ts" : "./dist/cli/commands.js";
  return Config.load({ root, pjson, ignoreManifest: true });
}

/** Finds the command that the leading words name; an unknown one gets the nearest known name. */
function resolve(ids: readonly string[], argv: readonly string[]): Target {
  const first = argv[0];
  if (first === undefined || first.startsWith("-")) return { id: null, topic: null, rest: argv };
  if (ids.includes(first)) return { id: first, topic: null, rest: argv.slice(1) };
  const below = ids.filter((id) => id.startsWith(`${first}:`)).map((id) => id.slice(first.length + 1));
  if (below.length === 0) {
    const names = [...new Set(ids.map((id) => id.split(":")[0] ?? id))];
    throw unknown(first, "", names);
  }
  const second = argv[1];
  if (second === undefined || second.startsWith("-")) return { id: null, topic: first, rest: argv.slice(1) };
  if (!below.includes(second)) throw unknown(second, `${first} `, below);
  return { id: `${first}:${second}`, topic: null, rest: argv.slice(2) };
}

function unknown(word: string, prefix: string, known: readonly string[]): CliFailure {
  const near = suggest(word, known) ?? known.find((name) => word.length > 1 && name.startsWith(word)) ?? null;
  const hint =
    near === null
      ? `\`delta ${prefix}--help\` lists the commands.`
      : `Did you mean \`delta ${prefix}${near}\`?`;
  return new CliFailure("unknown_command", `there is no command \`${prefix}${word}\``, hint);
}

async function showHelp(config: Config, target: Target): Promise<void> {
  const flag = target.rest.find((word) => word.startsWith("-"));
  if (target.id === null && flag !== undefined && !wantsHelp(target.rest) && !isGlobal(flag)) {
    throw new CliFailure(
      "usage",
      `the flag ${flag} needs a command before it`,
      "`delta --help` lists the commands.",
    );
  }
  const help = new Help(config, { maxWidth: 100 });
  await help.showHelp(target.id?.split(":") ?? (target.topic === null ? [] : [target.topic]));
}

function isGlobal(flag: string): boolean {
  return ["--color", "--no-color", "--json"].includes(flag);
}

function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

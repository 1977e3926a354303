import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Config } from "@oclif/core/config";
import { Help } from "@oclif/core/help";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { exitInterrupted } from "./interruption.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";
import { flushed, onReaderGone, paint, toleratePipeEnd, writeData, writeJson, writeTalk } from "./output.ts";
import { toFailure } from "./parse-failure.ts";
import { terminalText } from "./terminal-text.ts";

interface Target {
  /** oclif's id of the command, `runs:list`; null for a topic or the program itself. */
  readonly id: string | null;
  readonly topic: string | null;
  readonly rest: readonly string[];
}

/**
 * Runs one command line and ends the process with its exit code. `root` is the folder of package.json.
 * In a checkout the command map is TypeScript beside this file, in the package it is the built one.
 */
export async function main(argv: readonly string[], root: string): Promise<never> {
  toleratePipeEnd();
  onReaderGone(() => process.exit(process.exitCode ?? EXIT.fine));
  process.once("SIGINT", exitInterrupted);
  applyColourFlag(argv);
  const json = wantsJson(argv);
  try {
    const config = await load(root);
    const target = resolve(config.commandIDs, argv[0] === "help" ? [...argv.slice(1), "--help"] : argv);
    if (target.id === null || wantsHelp(target.rest)) await showHelp(config, target);
    else await config.runCommand(target.id, [...target.rest]);
  } catch (error) {
    report(toFailure(error), json);
  }
  await flushed();
  process.exit();
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

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (
    (end === -1 ? argv : argv.slice(0, end)).includes("--json") ||
    /^(1|true|yes)$/i.test(process.env["DELTA_JSON"] ?? "")
  );
}

function applyColourFlag(argv: readonly string[]): void {
  if (argv.includes("--no-color")) {
    delete process.env["FORCE_COLOR"];
    process.env["NO_COLOR"] = "1";
  } else if (argv.includes("--color")) {
    delete process.env["NO_COLOR"];
    process.env["FORCE_COLOR"] = "1";
  }
}

function report(failure: CliFailure, json: boolean): void {
  process.exitCode = failure.exit;
  if (json) {
    const { code, message, hint } = failure;
    writeJson({ version: 1, error: { code, message, hint, exit: failure.exit } });
    return;
  }
  writeTalk(`${paint("red", "delta:", process.stderr)} ${terminalText(failure.message)}`);
  if (failure.hint !== null) writeTalk(failure.hint);
  if (process.env["DELTA_DEBUG"] && failure.cause instanceof Error) writeData(failure.cause.stack ?? "");
}

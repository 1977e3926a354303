import { EXIT } from "./exit-codes.ts";
import type { CliFailure } from "./failure.ts";
import { exitInterrupted } from "./interruption.ts";
import { flushed, onReaderGone, paint, toleratePipeEnd, writeData, writeJson, writeTalk } from "./output.ts";
import { ranPlainly } from "./plain-command.ts";
import { terminalText } from "./terminal-text.ts";

/** Runs one command line and ends the process with its exit code. `root` is the folder of package.json. */
export async function main(argv: readonly string[], root: string): Promise<never> {
  toleratePipeEnd();
  onReaderGone(() => process.exit(process.exitCode ?? EXIT.fine));
  process.once("SIGINT", exitInterrupted);
  applyColourFlag(argv);
  const json = wantsJson(argv);
  try {
    if (!(await ranPlainly(argv))) {
      const { runCommandLine } = await import("./command-line.ts");
      await runCommandLine(argv, root);
    }
  } catch (error) {
    const { toFailure } = await import("./parse-failure.ts");
    report(toFailure(error), json);
  }
  await flushed();
  process.exit();
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
  writeTalk(`${paint("red", "delta:", process.stderr)} ${terminalText(failure.message, { colours: false })}`);
  if (failure.hint !== null) writeTalk(failure.hint);
  if (process.env["DELTA_DEBUG"] && failure.cause instanceof Error) writeData(failure.cause.stack ?? "");
}

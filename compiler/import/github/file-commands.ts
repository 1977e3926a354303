/**
 * The files that steps write values to, `$GITHUB_OUTPUT` and the like, as files of the job's temporary folder, and the
 * lines of shell that read them. They use nothing but what every POSIX shell has, so that any image will do.
 */

/** `NAME=value`, and `NAME<<END` with lines up to `END`; calls `delta_take NAME VALUE` for each. */
const READ_FILE = `delta_read() {
  if [ ! -f "$1" ]; then return 0; fi
  while IFS= read -r delta_line || [ -n "$delta_line" ]; do
    delta_name=\${delta_line%%=*}
    case $delta_name in
      *'<<'*)
        delta_name=\${delta_line%%'<<'*} delta_end=\${delta_line#*'<<'} delta_value= delta_break=
        while IFS= read -r delta_line && [ "$delta_line" != "$delta_end" ]; do
          delta_value=$delta_value$delta_break$delta_line delta_break='
'
        done
        delta_take "$delta_name" "$delta_value" ;;
      "$delta_line") ;;
      *) delta_take "$delta_name" "\${delta_line#*=}" ;;
    esac
  done < "$1"
}`;

/** The last value of one name, in `delta_found`; empty when there is none. */
const READ_OUTPUT = `delta_output() {
  delta_wanted=$2 delta_found=
  delta_take() { if [ "$1" = "$delta_wanted" ]; then delta_found=$2; fi; }
  delta_read "$1"
}`;

const ENV_FILE = '"$TMPDIR/environment"';
const PATH_FILE = '"$TMPDIR/path"';

/** What `readOutput` needs before it. */
export const OUTPUT_READER: readonly string[] = [READ_FILE, READ_OUTPUT];

/** Sets a variable to what a step wrote last under a name. */
export function readOutput(variable: string, step: string, output: string): string {
  return `delta_output "$TMPDIR/output-${step}" ${output}; export ${variable}="$delta_found"`;
}

/** Sets the variables that steps before wrote, but for those that this step sets itself. */
function readEnvironment(own: readonly string[]): string {
  const kept = ["''", "[0-9]*", "*[!A-Za-z0-9_]*", ...own].join("|");
  return `delta_take() { case $1 in ${kept}) ;; *) export "$1=$2" ;; esac; }
delta_read ${ENV_FILE}`;
}

const READ_PATH = `if [ -f ${PATH_FILE} ]; then
  while IFS= read -r delta_line || [ -n "$delta_line" ]; do PATH=$delta_line:$PATH; done < ${PATH_FILE}
fi`;

/** Kinds of events that have another name there. */
const EVENT_NAME =
  "case $GITHUB_EVENT_NAME in manual) export GITHUB_EVENT_NAME=workflow_dispatch ;; api) export GITHUB_EVENT_NAME=repository_dispatch ;; esac";

/** What steps before a step wrote to, and what is read of it. */
export interface FilesBefore {
  readonly env: boolean;
  readonly path: boolean;
}

/** Lines before a script that give it what it writes to, and what steps before it wrote there. */
export function fileLines(
  run: string,
  id: string | null,
  before: FilesBefore,
  own: readonly string[],
): readonly string[] {
  const lines: string[] = [];
  if (before.env) lines.push(READ_FILE, readEnvironment(own));
  if (before.path) lines.push(READ_PATH);
  if (id !== null || run.includes("GITHUB_OUTPUT"))
    lines.push(fileIn("GITHUB_OUTPUT", `"$TMPDIR/output-${id ?? "none"}"`));
  if (run.includes("GITHUB_ENV")) lines.push(fileIn("GITHUB_ENV", ENV_FILE));
  if (run.includes("GITHUB_PATH")) lines.push(fileIn("GITHUB_PATH", PATH_FILE));
  if (run.includes("GITHUB_STEP_SUMMARY")) lines.push(fileIn("GITHUB_STEP_SUMMARY", '"$TMPDIR/summary"'));
  if (run.includes("GITHUB_EVENT_NAME")) lines.push(EVENT_NAME);
  if (run.includes("GITHUB_WORKSPACE")) lines.push('export GITHUB_WORKSPACE="$DELTA_WORKSPACE"');
  if (run.includes("RUNNER_TEMP")) lines.push('export RUNNER_TEMP="$TMPDIR"');
  return lines;
}

/** A variable with the path of a file that is there, empty at first. */
function fileIn(variable: string, path: string): string {
  return `export ${variable}=${path}; : >> "$${variable}"`;
}

/** Hands a step's value on to other jobs. Theirs are of one line, and one of several ends the job. */
export function handOn(name: string, step: string, output: string): string {
  return `${readOutput("delta_value", step, output)}
case $delta_value in *'
'*) echo "the output ${name} has several lines, and other jobs can be given one" >&2; exit 1 ;; esac
printf '%s=%s\\n' ${name} "$delta_value" >> "$DELTA_OUTPUT"`;
}

import type { EventKind, PipelineEvent, PullRequestFacts, TrustClass } from "../schemas/event.ts";

/**
 * An event as flags of `delta plan`, and back. The check's summary shows them, so that anybody can
 * compile the same plan on a laptop. With `--event` given, a flag that is absent means null, false or
 * trusted; nothing is guessed from the working copy.
 */
const VALUE_FLAGS = {
  head: "Commit to plan",
  event: "Kind of event: push, pull_request, manual, schedule or api",
  ref: "Full ref name, such as refs/heads/main",
  "default-branch": "Name of the default branch",
  before: "Commit that the ref pointed at before",
  pr: "Number of the pull request",
  "pr-action": "What happened to the pull request, as the forge names it",
  "pr-target": "Full ref the pull request goes to",
  "pr-target-sha": "Commit of that ref",
  "pr-source": "Full ref the pull request comes from",
  trust: "trusted or fork",
  input: "Input as name=value; may be repeated. true, false, numbers and quoted text are read as JSON",
} as const;

const SWITCH_FLAGS = {
  forced: "The push rewrote history",
  deleted: "The ref was deleted",
  "pr-fork": "The pull request comes from a fork",
  "pr-draft": "The pull request is a draft",
} as const;

export type ValueFlag = keyof typeof VALUE_FLAGS;
export type SwitchFlag = keyof typeof SWITCH_FLAGS;

/** For the command line's help: every flag, what it means, and whether it takes a value. */
export const EVENT_FLAGS: Readonly<Record<ValueFlag | SwitchFlag, { help: string; takesValue: boolean }>> = {
  ...describeFlags(VALUE_FLAGS, true),
  ...describeFlags(SWITCH_FLAGS, false),
};

function describeFlags<Name extends string>(flags: Record<Name, string>, takesValue: boolean) {
  const entries = Object.entries<string>(flags).map(([name, help]) => [name, { help, takesValue }]);
  return Object.fromEntries(entries) as Record<Name, { help: string; takesValue: boolean }>;
}

const EVENT_KINDS: readonly EventKind[] = ["push", "pull_request", "manual", "schedule", "api"];
const TRUST_CLASSES: readonly TrustClass[] = ["trusted", "fork"];

/** Flags as given: a repeated `input` has several values, a switch is true or absent. */
export interface EventFlagValues {
  readonly values: Readonly<Partial<Record<Exclude<ValueFlag, "input">, string>>>;
  readonly inputs: readonly string[];
  readonly switches: ReadonlySet<SwitchFlag>;
}

/** The flags that give exactly this event back, one argument or `name=value` each. */
export function eventFlags(event: PipelineEvent): string[] {
  const pull = event.pull_request;
  return [
    ...valueFlag("head", event.head),
    ...valueFlag("event", event.kind),
    ...valueFlag("ref", event.ref),
    ...valueFlag("default-branch", event.default_branch),
    ...valueFlag("before", event.before),
    ...switchFlag("forced", event.forced),
    ...switchFlag("deleted", event.deleted),
    ...(pull === null ? [] : pullRequestFlags(pull)),
    ...(event.trust === "trusted" ? [] : valueFlag("trust", event.trust)),
    ...Object.entries(event.inputs).flatMap(([name, value]) => valueFlag("input", writeInput(name, value))),
  ];
}

function pullRequestFlags(pull: PullRequestFacts): string[] {
  return [
    ...valueFlag("pr", String(pull.number)),
    ...valueFlag("pr-action", pull.action),
    ...valueFlag("pr-target", pull.target_ref),
    ...valueFlag("pr-target-sha", pull.target_sha),
    ...valueFlag("pr-source", pull.source_ref),
    ...switchFlag("pr-fork", pull.from_fork),
    ...switchFlag("pr-draft", pull.draft),
  ];
}

/** A value that could be taken for a flag is bound to its name by `=`. */
function valueFlag(name: ValueFlag, value: string | null): string[] {
  if (value === null) return [];
  return value === "" || value.startsWith("-") ? [`--${name}=${value}`] : [`--${name}`, value];
}

function switchFlag(name: SwitchFlag, isOn: boolean): string[] {
  return isOn ? [`--${name}`] : [];
}

function writeInput(name: string, value: string | number | boolean): string {
  const written = /[="]/.test(name) ? JSON.stringify(name) : name;
  const isPlain = typeof value === "string" && readInputValue(value) === value;
  return `${written}=${isPlain ? value : JSON.stringify(value)}`;
}

function readInputValue(text: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  } catch {
    // Text that is not JSON means itself.
  }
  return text;
}

/** Splits arguments into flags. The answer is a sentence when they are not event flags. */
export function parseEventFlags(args: readonly string[]): EventFlagValues | string {
  const values: Partial<Record<Exclude<ValueFlag, "input">, string>> = {};
  const inputs: string[] = [];
  const switches = new Set<SwitchFlag>();
  for (let at = 0; at < args.length; at += 1) {
    const [, name = "", bound] = /^--([a-z-]+)(?:=(.*))?$/s.exec(args[at] ?? "") ?? [];
    if (Object.hasOwn(SWITCH_FLAGS, name)) {
      switches.add(name as SwitchFlag);
      continue;
    }
    if (!Object.hasOwn(VALUE_FLAGS, name)) return `${args[at]} is not a flag of an event`;
    const value = bound ?? args[(at += 1)];
    if (value === undefined) return `--${name} needs a value`;
    if (name === "input") inputs.push(value);
    else values[name as Exclude<ValueFlag, "input">] = value;
  }
  return { values, inputs, switches };
}

/** The event that flags describe, or a sentence that says what is missing or wrong. */
export function eventFromFlags({ values, inputs, switches }: EventFlagValues): PipelineEvent | string {
  const { head, event: kind, ref, trust = "trusted" } = values;
  if (head === undefined || kind === undefined || ref === undefined) {
    return "--event needs --head and --ref beside it";
  }
  if (!isOneOf(EVENT_KINDS, kind)) return `--event is one of ${EVENT_KINDS.join(", ")}, not ${kind}`;
  if (!isOneOf(TRUST_CLASSES, trust)) return `--trust is ${TRUST_CLASSES.join(" or ")}, not ${trust}`;
  const pull = pullRequestFrom({ values, inputs, switches });
  if (typeof pull === "string") return pull;
  const read = new Map<string, string | number | boolean>();
  for (const input of inputs) {
    const parsed = /^("(?:[^"\\]|\\.)*"|[^="]*)=(.*)$/s.exec(input);
    if (parsed === null) return `--input is name=value, not ${input}`;
    const [, name = "", value = ""] = parsed;
    read.set(name.startsWith('"') ? String(readInputValue(name)) : name, readInputValue(value));
  }
  return {
    kind,
    ref,
    default_branch: values["default-branch"] ?? null,
    head,
    before: values.before ?? null,
    forced: switches.has("forced"),
    deleted: switches.has("deleted"),
    pull_request: pull,
    trust,
    inputs: Object.fromEntries(read),
  };
}

function pullRequestFrom({ values, switches }: EventFlagValues): PullRequestFacts | null | string {
  const names = ["pr", "pr-action", "pr-target", "pr-target-sha", "pr-source"] as const;
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length === names.length) return null;
  if (missing.length > 0) return `a pull request also needs ${missing.map((name) => `--${name}`).join(", ")}`;
  const number = Number(values.pr);
  if (!Number.isSafeInteger(number) || number < 0) return `--pr is a number, not ${values.pr}`;
  return {
    number,
    action: values["pr-action"] ?? "",
    target_ref: values["pr-target"] ?? "",
    target_sha: values["pr-target-sha"] ?? "",
    source_ref: values["pr-source"] ?? "",
    from_fork: switches.has("pr-fork"),
    draft: switches.has("pr-draft"),
  };
}

function isOneOf<Item extends string>(items: readonly Item[], text: string): text is Item {
  return items.some((item) => item === text);
}

/** Of a job, and of a template alike. */
const JOB = [
  "approval",
  "artifacts",
  "caches",
  "checkout",
  "concurrency",
  "environment",
  "id_tokens",
  "interruptible",
  "network",
  "no_output_timeout",
  "outputs",
  "secrets",
  "services",
];

/**
 * Keys that belong to the language but do nothing yet. Using one is an error that says so: a key
 * that is silently ignored would be a promise that is silently broken.
 */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  pipeline: ["concurrency"],
  policies: ["jobs"],
  runs: ["budget", "cancel_superseded", "on_failure"],
  include: ["file", "ref", "repo", "sha256", "template"],
  rule: ["set"],
  manual: ["inputs"],
  component: ["outputs"],
  job: JOB,
  template: JOB,
  need: ["artifacts"],
  runner: ["labels"],
  matrix: ["fail_fast", "max"],
};

/** Values of the language that do nothing yet, by their key. */
const UNSUPPORTED_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  run: { manual: "nothing could start the job; ask for it by name with `delta run`" },
};

/** Why a value cannot be used yet; null when it is simply not part of the language. */
export function unsupportedValue(key: string, value: string): string | null {
  return UNSUPPORTED_VALUES[key]?.[value] ?? null;
}

/** `where` is the name of the map in the schema. */
export function unsupportedKey(where: string, key: string): boolean {
  return UNSUPPORTED[where]?.includes(key) ?? false;
}

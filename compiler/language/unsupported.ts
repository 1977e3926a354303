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

/** `where` is the name of the map in the schema. */
export function unsupportedKey(where: string, key: string): boolean {
  return UNSUPPORTED[where]?.includes(key) ?? false;
}

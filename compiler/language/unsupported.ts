/**
 * Keys that belong to the language but do nothing yet. Using one is an error that says so: a key
 * that is silently ignored would be a promise that is silently broken.
 */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  pipeline: ["rules", "include", "templates", "inputs", "policies", "finally", "concurrency"],
  manual: ["inputs"],
  component: ["outputs"],
  job: [
    "approval",
    "artifacts",
    "caches",
    "checkout",
    "concurrency",
    "environment",
    "extends",
    "for_each",
    "id_tokens",
    "interruptible",
    "network",
    "no_output_timeout",
    "outputs",
    "parallel",
    "rules",
    "secrets",
    "services",
  ],
  need: ["artifacts"],
  runner: ["labels"],
  matrix: ["fail_fast", "max"],
};

/** `where` is the name of the map in the schema. */
export function unsupportedKey(where: string, key: string): boolean {
  return UNSUPPORTED[where]?.includes(key) ?? false;
}

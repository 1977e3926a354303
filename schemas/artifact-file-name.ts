/** Of a job's key in the name of a file: keys may be long. */
const KEY_CHARACTERS_MAX = 80;

/** What the file of an artifact is called: without what some system forbids in names, as a job's key may have it. */
export function artifactFileName(job: string, name: string): string {
  const safe = job.replaceAll(/[^A-Za-z0-9._-]+/g, "_").replace(/^[._-]+/, "");
  return `${safe.slice(0, KEY_CHARACTERS_MAX)}-${name}.tar.gz`;
}

import { JOB_ID_CHARACTERS_MAX, RESERVED_JOB_IDS } from "../language/job-id.ts";

/** An id of ours for each name, in order, all different: `Unit tests: [x]` becomes `unit-tests-x`. */
export function jobIds(names: Iterable<string>): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const ids = new Map<string, string>();
  for (const name of names) {
    const plain = name
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, "-")
      .replace(/^[^a-z]+|-+$/g, "")
      .slice(0, JOB_ID_CHARACTERS_MAX - 5);
    const base =
      plain === "" || RESERVED_JOB_IDS.has(plain) ? `job${plain === "" ? "" : `-${plain}`}` : plain;
    let id = base;
    for (let count = 2; taken.has(id); count += 1) id = `${base}-${count}`;
    taken.add(id);
    ids.set(name, id);
  }
  return ids;
}

import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** A user of this machine with all groups. */
export interface Account {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

const READ = 4;
const WRITE = 2;
const PASS = 1;
export const ACCESS = { read: READ, readWrite: READ | WRITE, pass: PASS } as const;

/** null when this machine's own files know no such user. */
export async function findAccount(name: string): Promise<Account | null> {
  const rows = async (file: string) =>
    (await readFile(file, "utf8")).split("\n").map((line) => line.split(":"));
  const user = (await rows("/etc/passwd")).find(([login]) => login === name);
  if (user === undefined) return null;
  const groups = (await rows("/etc/group")).filter(([, , , members = ""]) =>
    members.split(",").includes(name),
  );
  return {
    uid: Number(user[2]),
    gids: new Set([Number(user[3]), ...groups.map(([, , gid]) => Number(gid))]),
  };
}

/** What keeps the user from a path, in words after its name; null when nothing does. By permission bits alone. */
export async function accessFault(path: string, account: Account, bits: number): Promise<string | null> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const facts = await stat(folder).catch(() => null);
    if (facts === null) return "is not there";
    if (!mayAccess(facts, account, PASS)) return `is below ${folder}, which that user may not pass`;
  }
  const facts = await stat(path).catch(() => null);
  if (facts === null) return "is not there";
  return mayAccess(facts, account, bits) ? null : "may not be opened by that user";
}

function mayAccess(
  { uid, gid, mode }: Pick<Stats, "uid" | "gid" | "mode">,
  account: Account,
  bits: number,
): boolean {
  if (account.uid === 0) return true;
  const shift = uid === account.uid ? 6 : account.gids.has(gid) ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}

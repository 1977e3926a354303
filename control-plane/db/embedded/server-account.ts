import { execFile } from "node:child_process";
import { chown, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

const run = promisify(execFile);

/**
 * As whom Postgres runs, because it refuses to run as root:
 * - `self`: we are not root, so neither is it;
 * - `namespace`: root of this machine, seen as nobody inside a user namespace; files stay root's;
 * - `account`: another account of this machine, to which its files belong.
 */
export type ServerAccount =
  | { readonly kind: "self" }
  | { readonly kind: "namespace"; readonly unshare: string }
  | { readonly kind: "account"; readonly uid: number; readonly gid: number; readonly name: string };

/** The number of `nobody` everywhere; inside the namespace it stands for us. */
const NOBODY = 65_534;
const NAMESPACE = ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];

/** Finds a way that works here. Throws when we are root and there is neither a namespace nor an account. */
export async function findServerAccount(
  uid: number | undefined = process.getuid?.(),
): Promise<ServerAccount> {
  if (uid !== 0) {
    return { kind: "self" };
  }
  const unshare = "unshare";
  const works = await run(unshare, [...NAMESPACE, "true"]).then(
    () => true,
    () => false,
  );
  return works ? { kind: "namespace", unshare } : findAccount();
}

/** The account `postgres`, else `nobody`, of this machine. */
export async function findAccount(): Promise<ServerAccount> {
  const accounts = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const wanted of ["postgres", "nobody"]) {
    const fields = accounts
      .split("\n")
      .map((line) => line.split(":"))
      .find(([name]) => name === wanted);
    if (fields !== undefined) {
      return { kind: "account", uid: Number(fields[2]), gid: Number(fields[3]), name: wanted };
    }
  }
  throw new EmbeddedPostgresError("Postgres refuses to run as root, and there is no way around it here", [
    "user namespaces are off and there is no account named postgres or nobody",
    "run as another user, or set DATABASE_URL",
  ]);
}

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number };
}

/** The command that runs a program of Postgres as that account. */
export function asAccount(account: ServerAccount, file: string, args: readonly string[]): ServerCommand {
  switch (account.kind) {
    case "self":
      return { file, args, options: {} };
    case "namespace":
      return { file: account.unshare, args: [...NAMESPACE, "--", file, ...args], options: {} };
    case "account":
      return { file, args, options: { uid: account.uid, gid: account.gid } };
    default:
      return account satisfies never;
  }
}

/** Gives a folder of ours to the account, where it is another. */
export async function giveTo(account: ServerAccount, folder: string): Promise<void> {
  if (account.kind === "account") {
    await chown(folder, account.uid, account.gid);
  }
}

import { readFile, stat } from "node:fs/promises";

/** Where the ACL token comes from. `current` is asked before every call, so a rotated file is seen at once. */
export interface TokenSource {
  /** null when the cluster runs without ACLs. Throws when the file cannot be read or is empty. */
  current(): Promise<string | null>;
}

export const NO_TOKEN: TokenSource = { current: () => Promise.resolve(null) };

/**
 * A token in a file that another program may replace at any time (a rename, or a symlink that is
 * turned). The text is read again when the file behind the name is another one or has changed.
 */
export function tokenFromFile(path: string): TokenSource {
  let seen = "";
  let token = "";
  return {
    async current() {
      try {
        const facts = await stat(path, { bigint: true });
        const version = `${facts.dev}:${facts.ino}:${facts.size}:${facts.mtimeNs}`;
        if (version !== seen) {
          const text = (await readFile(path, "utf8")).trim();
          if (text === "") throw new Error("the file is empty");
          token = text;
          seen = version;
        }
        return token;
      } catch (cause) {
        throw new Error(`cannot read the Nomad token file ${path}`, { cause });
      }
    },
  };
}

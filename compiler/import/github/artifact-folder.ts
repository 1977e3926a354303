/**
 * The folder that the files of an upload are named from there: that of the path itself, or the deepest one that all paths
 * share. Empty for the root of the checkout.
 */
export function uploadFolder(paths: readonly string[]): string {
  const folders = paths.filter((path) => !path.startsWith("!")).map(folderOf);
  const [first = [], ...others] = folders;
  const shared = first.findIndex((part, index) => others.some((folder) => folder[index] !== part));
  return (shared < 0 ? first : first.slice(0, shared)).join("/");
}

/** A last part with a point in it is a file; what follows a wildcard counts for nothing. */
function folderOf(path: string): readonly string[] {
  const parts = plainFolder(path)
    .split("/")
    .filter((part) => part !== "");
  const wildcard = parts.findIndex((part) => /[*?[]/.test(part));
  if (wildcard >= 0) return parts.slice(0, wildcard);
  return !path.endsWith("/") && parts.at(-1)?.includes(".") === true ? parts.slice(0, -1) : parts;
}

/** `./dist/` and `dist` are one folder, and so are `.` and none. */
export function plainFolder(path: string): string {
  return path
    .trim()
    .replace(/^(?:\.\/+)+|^\.$/, "")
    .replace(/\/+$/, "");
}

import { quote } from "../diagnostics/quote.ts";

/** Why a text is not a folder inside the repository, as a sentence; null when it is one. */
export function folderProblem(text: string): string | null {
  if (text.startsWith("/") || /^[A-Za-z]:/.test(text)) {
    return `${quote(text)} is absolute; write the folder relative to the repository's root`;
  }
  if (text.includes("\\")) return `${quote(text)} has a backslash; folders are separated by \`/\``;
  if (text.split("/").includes("..")) return `${quote(text)} leaves the repository`;
  return null;
}

/** Without `.` parts, doubled slashes and a trailing slash; `.` for the root. */
export function normalizeFolder(text: string): string {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  return parts.length === 0 ? "." : parts.join("/");
}

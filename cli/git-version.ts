import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Older ones do not know options that every reading here takes. */
export const GIT_MIN = "2.30";

export interface GitVersion {
  readonly text: string;
  readonly isEnough: boolean;
}

/** The git on PATH. Rejects when there is none. */
export async function gitVersion(): Promise<GitVersion> {
  const { stdout } = await promisify(execFile)("git", ["--version"]);
  const [text = stdout.trim(), major = 0, minor = 0] = /(\d+)\.(\d+)\S*/.exec(stdout) ?? [];
  const [majorMin = 0, minorMin = 0] = GIT_MIN.split(".").map(Number);
  const isEnough = Number(major) > majorMin || (Number(major) === majorMin && Number(minor) >= minorMin);
  return { text: `git ${text}`, isEnough };
}

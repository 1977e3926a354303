import { access } from "node:fs/promises";
import { dirname } from "node:path";
import { askText, type TextAnswer } from "./ask-text.ts";
import { mirrorEnvironment } from "./git-environment.ts";
import { withMirrorLock } from "./mirror-lock.ts";
import { MirrorError } from "./mirror-transport.ts";
import { pinnedRef } from "./mirror.ts";

/** Removed in one go; the rest are for the next time. */
const FORGOTTEN_AT_ONCE = 1_000;

/**
 * Lets go of pinned commits that nobody needs; git collects their objects when nothing else holds them.
 * Gives back how many. What is needed is asked for again afterwards, still under the mirror's lock and before
 * anything is collected: a run that began meanwhile gets its pins back.
 */
export async function forgetPins(
  mirrorPath: string,
  needed: () => Promise<ReadonlySet<string>>,
): Promise<number> {
  const isThere = await access(mirrorPath).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    return 0;
  }
  return withMirrorLock(`${mirrorPath}.lock`, undefined, async () => {
    const listed = await ask(mirrorPath, ["for-each-ref", "--format=%(objectname)", "refs/delta/commits"]);
    const pins = listed.text.split("\n").filter((line) => line !== "");
    const before = await needed();
    const forgotten = pins.filter((commit) => !before.has(commit)).slice(0, FORGOTTEN_AT_ONCE);
    await change(
      mirrorPath,
      forgotten.map((commit) => `delete ${pinnedRef(commit)} ${commit}`),
    );
    const now = await needed();
    const back = forgotten.filter((commit) => now.has(commit));
    await change(
      mirrorPath,
      back.map((commit) => `create ${pinnedRef(commit)} ${commit}`),
    );
    return forgotten.length - back.length;
  });
}

async function change(path: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) {
    return;
  }
  const input = ["start", ...lines, "commit", ""].join("\n");
  const { exitCode, text, stderr } = await ask(path, ["update-ref", "--stdin"], input);
  if (exitCode !== 0 || !text.endsWith("commit: ok\n")) {
    throw new MirrorError("unavailable", `the kept commits cannot be changed: ${stderr}`);
  }
}

function ask(path: string, args: readonly string[], input?: string): Promise<TextAnswer> {
  const environment = { ...mirrorEnvironment(), GIT_DIR: path };
  return askText(
    { path: dirname(path), trusted: [] },
    { arguments: args, environment, accepted: "any", ...(input !== undefined && { input }) },
  );
}

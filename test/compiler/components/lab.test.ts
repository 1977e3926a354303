import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { affectedReport } from "../../../compiler/components/index.ts";
import { comparePaths } from "../../../compiler/paths.ts";
import { affectedByChange } from "../../../compiler/plan/affected-by-change.ts";
import { readCompileInput } from "../../../control-plane/git/index.ts";
import type { AffectedReport } from "../../../schemas/components.ts";
import { GitWorld } from "../../support/git/git-world.ts";
import { LAB_SCENARIOS } from "./lab-scenarios.ts";
import { type LabManager, labFiles } from "./lab-workspace.ts";

const SHARED = new URL("../../../../shared/oracles/affected/", import.meta.url);

interface SharedLab {
  readonly scenarios: readonly { readonly scenario: string; readonly changed: readonly string[][] }[];
}

describe.each(["pnpm", "yarn"] as const)("the %s laboratory", (manager: LabManager) => {
  let world: GitWorld;
  const heads = new Map<string, { readonly base: string; readonly head: string }>();

  beforeAll(async () => {
    world = await GitWorld.create();
    const base = await world.commit({ ref: "refs/heads/main", files: labFiles(manager) });
    const commits = await world.commits(
      LAB_SCENARIOS.map(({ files, moves = {} }) => ({
        parents: [base],
        files: files?.(manager) ?? {},
        moves,
      })),
    );
    LAB_SCENARIOS.forEach(({ name }, index) => heads.set(name, { base, head: commits[index] ?? "" }));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function reportOf(name: string): Promise<AffectedReport> {
    const input = await readCompileInput(await world.open(), heads.get(name));
    return affectedReport(input.changes, affectedByChange(input));
  }

  it.each(LAB_SCENARIOS)("$name", async ({ name, affected, uncertain = [] }) => {
    const report = await reportOf(name);
    expect(report.affected.map(({ root }) => root)).toEqual([...affected].sort(comparePaths));
    expect(report.uncertain.map(({ code }) => code)).toEqual(uncertain);
    expect(report.affected.every(({ because }) => because.length > 0)).toBe(true);
  });

  const file = new URL(`lab-${manager}.json`, SHARED);
  it.skipIf(!existsSync(file))("makes the changes that the recorded scenarios made", async () => {
    const shared = JSON.parse(readFileSync(file, "utf8")) as SharedLab;
    const settings = /^edit (?:pnpm-workspace\.yaml|\.yarnrc\.yml) \(comment\)$/;
    for (const { scenario, changed } of shared.scenarios) {
      const name = settings.test(scenario) ? "edit the manager's settings (comment)" : scenario;
      const report = await reportOf(name);
      const mine = report.changed.map(({ status, path, old_path: old }) =>
        old === undefined ? [status, path] : [`${status}100`, old, path],
      );
      expect([scenario, mine]).toEqual([scenario, changed.map((record) => record.map(unquoted))]);
    }
  });
});

/** The records hold odd paths as git quotes them for people. */
function unquoted(path: string): string {
  if (!path.startsWith('"')) return path;
  const bytes = path
    .slice(1, -1)
    .replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

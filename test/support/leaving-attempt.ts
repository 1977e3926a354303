import { artifactWorld, testArtifact } from "./artifact-world.ts";
import { testJob, testPlan } from "./plans.ts";

/** A job that may leave `dist`, `docs` and, for a day, `tests`, and the runner that holds it. */
export async function leavingAttempt(...wrap: Parameters<typeof artifactWorld>) {
  const world = await artifactWorld(...wrap);
  const artifacts = [
    testArtifact("dist"),
    testArtifact("docs"),
    testArtifact("tests", { type: "junit", expire_ms: 86_400_000 }),
  ];
  const run = await world.planned(testPlan([testJob("a", { artifacts })]));
  const by = await world.runner(run, "a");
  const rows = async () =>
    (
      await world.database`
        select name, position, type, acked, sha256, files, unpacked_bytes, closed_at is not null as closed,
          round(extract(epoch from expires_at - closed_at) * 1000)::bigint as kept
        from delta.artifacts order by position`
    ).map((row) => ({ ...row }));
  const chunks = async () =>
    (
      await world.database`
        select name, start_offset as start, length from delta.artifact_chunks order by name, start_offset`
    ).map((row) => ({ ...row }));
  return { ...world, run, by, rows, chunks };
}

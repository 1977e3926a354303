import type { PlanJob } from "../../schemas/plan.ts";
import { testArtifact } from "../support/artifact-world.ts";
import { needs, testJob } from "../support/plans.ts";
import { ARTIFACT_NAME } from "./artifact-driver.ts";
import type { Random } from "./random.ts";

/** Jobs with every kind of need, retry and leniency; each needs only jobs before it, or ones left out. */
export function randomJobs(random: Random, leftOut: readonly string[], most = 6): readonly PlanJob[] {
  const jobs: PlanJob[] = [];
  for (let index = 0; index <= random.below(most); index++) {
    const before = [...leftOut, ...jobs.map(({ key }) => key)].filter(() => random.chance(0.35));
    jobs.push(
      testJob(`j${index}`, {
        needs: before.flatMap((key) => needs([key], random.pick(["success", "done", "skipped_ok"]))),
        artifacts: [testArtifact(ARTIFACT_NAME)],
        required: random.chance(0.8),
        allow_failure: random.pick([false, false, true, [1]]),
        retry: {
          max: random.below(3),
          on: random.chance(0.5) ? ["exit:1", "timeout"] : [],
          delay_ms: random.below(2) * 40,
        },
      }),
    );
  }
  return jobs;
}

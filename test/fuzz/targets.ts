import type { FuzzTarget } from "./target.ts";
import { expressionTarget, semverTarget, templateTarget } from "./targets/expressions.ts";
import { batchTarget, diffTarget, treeTarget, uploadPackTarget } from "./targets/git.ts";
import { manifestTargets, plainYamlTarget } from "./targets/manifests.ts";
import { importTargets, pipelineTarget } from "./targets/pipelines.ts";
import {
  cronTarget,
  durationTarget,
  eventTarget,
  globTarget,
  pathTarget,
  sizeTarget,
} from "./targets/words.ts";
import { ordinaryYamlTarget, yamlTarget } from "./targets/yaml.ts";

/** One for each reader of what a stranger wrote. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  yamlTarget,
  ordinaryYamlTarget,
  pipelineTarget,
  expressionTarget,
  templateTarget,
  semverTarget,
  globTarget,
  durationTarget,
  sizeTarget,
  cronTarget,
  eventTarget,
  pathTarget,
  plainYamlTarget,
  ...manifestTargets,
  diffTarget,
  treeTarget,
  batchTarget,
  uploadPackTarget,
  ...importTargets,
];

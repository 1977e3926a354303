import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";
import {
  checkVariables,
  lowerApproval,
  lowerConcurrency,
  lowerEnvironment,
  lowerIdTokens,
  lowerNetwork,
  lowerSecrets,
} from "./lower-access.ts";
import { lowerArtifacts, lowerCaches, lowerOutputs } from "./lower-files.ts";
import { lowerServices } from "./lower-services.ts";
import { TIMEOUT_BOUNDS } from "./lower-steps.ts";
import { type Lowering, lowerDuration } from "./lowering.ts";
import type { JobParts } from "./model-parts.ts";
import type { StepModel } from "./model.ts";
import { booleanOf, entryOf, mapOf, numberOf, textOf } from "./read.ts";

/** Commits a checkout has unless the job asks for more: the one that runs. */
const CHECKOUT_DEPTH_DEFAULT = 1;

/** What stands around the steps of a job. `env` is the job's whole environment, as merged. */
export function lowerParts(
  job: YamlMap,
  inside: { readonly env: YamlMap | null; readonly steps: readonly StepModel[] },
  lowering: Lowering,
): JobParts {
  const { report } = lowering;
  const value = (key: string): YamlNode | undefined => entryOf(job, key)?.value;
  const secrets = lowerSecrets(value("secrets"));
  const idTokens = lowerIdTokens(value("id_tokens"));
  checkVariables({ secrets, idTokens }, inside, report);
  const environment = lowerEnvironment(value("environment"), lowering);
  return {
    services: lowerServices(entryOf(job, "services"), lowering),
    caches: lowerCaches(entryOf(job, "caches"), lowering),
    artifacts: lowerArtifacts(entryOf(job, "artifacts"), lowering),
    outputs: lowerOutputs(entryOf(job, "outputs"), report),
    secrets,
    idTokens,
    network: lowerNetwork(value("network")),
    concurrency: lowerConcurrency(value("concurrency"), lowering),
    approval: lowerApproval(entryOf(job, "approval"), report),
    environment,
    checkout: lowerCheckout(value("checkout")),
    // Half a deployment is worse than an old one.
    interruptible: booleanOf(value("interruptible")) ?? environment === null,
    noOutputTimeoutMs: lowerDuration(job, "no_output_timeout", TIMEOUT_BOUNDS, report),
    cells: lowerCells(entryOf(job, "matrix")),
  };
}

function lowerCheckout(node: YamlNode | undefined): JobParts["checkout"] {
  if (booleanOf(node) === false) return null;
  const depth = entryOf(mapOf(node), "depth")?.value;
  return { depth: textOf(depth) === "full" ? null : (numberOf(depth) ?? CHECKOUT_DEPTH_DEFAULT) };
}

function lowerCells(matrix: YamlEntry | null): JobParts["cells"] {
  const map = mapOf(matrix?.value);
  const max = numberOf(entryOf(map, "max")?.value);
  const failFast = booleanOf(entryOf(map, "fail_fast")?.value) ?? false;
  return max === null && !failFast ? null : { max, failFast };
}

import type { Uncertainty } from "../../schemas/changes.ts";
import { affectedComponents, discoverBoth } from "../components/index.ts";
import { type CompileInput, PIPELINE_FILE } from "../input.ts";
import type { ComponentChanges } from "./component-changes.ts";

/**
 * What a change affects of the components that are discovered, for a commit without a pipeline or with one
 * that has errors. It needs none of what reads pipelines.
 */
export function discoveredAlone({
  head: headTree,
  base: baseTree,
  changes,
}: Pick<CompileInput, "head" | "base" | "changes">): ComponentChanges {
  const { head, base } = discoverBoth(headTree, baseTree);
  const affected = affectedComponents({ head, base, changes });
  const uncertain = headTree.entries.has(PIPELINE_FILE)
    ? [...affected.uncertain, pipelineUnread()]
    : affected.uncertain;
  return { ...affected, headGraph: head.graph, uncertain };
}

function pipelineUnread(): Uncertainty {
  const detail = `${PIPELINE_FILE} has errors, so what it says of components and changes does not count here`;
  return { code: "graph_unknown", detail, paths: [PIPELINE_FILE], added: [] };
}

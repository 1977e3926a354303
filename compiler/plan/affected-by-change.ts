import type { Uncertainty } from "../../schemas/changes.ts";
import type { Place, Span } from "../../schemas/diagnostic.ts";
import { PLAN_JOBS_CEILING } from "../../schemas/limits.ts";
import { affectedComponents, discoverComponents } from "../components/index.ts";
import { PlaceFinder } from "../diagnostics/index.ts";
import { MATCH_WORK_MAX, type MatchBudget, pathTest } from "../globs/index.ts";
import { type CompileInput, PIPELINE_FILE } from "../input.ts";
import { inputTexts } from "../input-texts.ts";
import { loadPipeline } from "../language/index.ts";
import {
  type ComponentChanges,
  componentChanges,
  discoverSides,
  localPaths,
  textsOf,
} from "./component-changes.ts";

type ChangeInput = Pick<CompileInput, "head" | "base" | "changes" | "event" | "pinned">;

/**
 * The components that a change affects, as a plan of it would say. A commit without a pipeline has
 * the components that are discovered; so has one whose pipeline has errors, and a doubt says so. No plan
 * is made, so the jobs of a plan are not limited here but by their ceiling.
 */
export function affectedByChange(input: ChangeInput): ComponentChanges {
  const { changes } = input;
  const { model, sources } = loadPipeline({ ...input, limits: { jobs: PLAN_JOBS_CEILING } });
  if (model === null) return discoveredAlone(input);
  const budget: MatchBudget = { left: MATCH_WORK_MAX };
  const places = new PlaceFinder(inputTexts(input));
  const placeOf = ({ file, start }: Span): Place => places.place(file, start);
  const components = discoverSides(model.components, input, placeOf);
  const sides = { components, configuration: new Set(localPaths(sources)) };
  const isIgnored = pathTest(textsOf(model.changes.ignore), budget);
  return componentChanges(model.components, sides, changes, { isIgnored, budget });
}

function discoveredAlone(input: ChangeInput): ComponentChanges {
  const head = discoverComponents(input.head);
  const base = input.base === null ? null : discoverComponents(input.base);
  const affected = affectedComponents({ head, base, changes: input.changes });
  const uncertain = input.head.entries.has(PIPELINE_FILE)
    ? [...affected.uncertain, pipelineUnread()]
    : affected.uncertain;
  return { ...affected, headGraph: head.graph, uncertain };
}

function pipelineUnread(): Uncertainty {
  const detail = `${PIPELINE_FILE} has errors, so what it says of components and changes does not count here`;
  return { code: "graph_unknown", detail, paths: [PIPELINE_FILE], added: [] };
}

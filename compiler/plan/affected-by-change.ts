import type { Place, Span } from "../../schemas/diagnostic.ts";
import { PLAN_JOBS_CEILING } from "../../schemas/limits.ts";
import { PlaceFinder } from "../diagnostics/index.ts";
import { MATCH_WORK_MAX, type MatchBudget, pathTest } from "../globs/index.ts";
import type { CompileInput } from "../input.ts";
import { inputTexts } from "../input-texts.ts";
import { loadPipeline } from "../language/index.ts";
import {
  type ComponentChanges,
  componentChanges,
  discoverSides,
  localPaths,
  textsOf,
} from "./component-changes.ts";
import { discoveredAlone } from "./discovered-alone.ts";

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

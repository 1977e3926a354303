import type { PipelineModel } from "../language/model.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import type { GlobLists } from "../selection/path-lists.ts";

/** What a lint may look at. Lints advise about a pipeline that is correct; they never stop it. */
export interface LintInput {
  readonly model: PipelineModel;
  /** The files merged into one map, for what the model no longer tells apart: written, or by default. */
  readonly root: YamlMap;
  readonly lists: GlobLists;
  readonly report: Report;
}

export type Lint = (input: LintInput) => void;

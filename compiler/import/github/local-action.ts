import type { Report } from "../../diagnostics/report.ts";
import type { YamlMap } from "../../yaml/nodes.ts";
import { ownPath, type Reading } from "../files.ts";

/** Finds actions of the repository by what `uses` says of them. */
export function localActions(reading: Reading, report: Report): (uses: string) => YamlMap | null {
  return (uses) => {
    const folder = ownPath(uses);
    if (folder === null) return null;
    return reading.parse(`${folder}/action.yml`, report) ?? reading.parse(`${folder}/action.yaml`, report);
  };
}

import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Expression, Template } from "../expressions/index.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import type { ForEachModel } from "./model.ts";
import { entryOf, globList, mapOf } from "./read.ts";

/** The axis that `for_each` adds to the names of instances. */
export const COMPONENT_AXIS = "component";

/** `for_each: affected`; null when it is not written. What would have two meanings beside it is a conflict. */
export function lowerForEach(job: YamlMap, report: Report): ForEachModel | null {
  const entry = entryOf(job, "for_each");
  if (entry === null) return null;
  const related = [{ span: entry.keySpan, message: "`for_each` stands here" }];
  const changes = entryOf(job, "changes");
  if (changes !== null) {
    const message =
      "`changes` and `for_each` exclude each other; paths that belong to a component are its `inputs`, those of all components `global_inputs`";
    report.add("DC1111", changes.keySpan, message, { related });
  }
  for (const axis of axesNamed(job, COMPONENT_AXIS)) {
    const message = `\`for_each\` names instances by \`${COMPONENT_AXIS}\`; call this axis otherwise`;
    report.add("DC1111", axis, message, { related });
  }
  return { span: entry.keySpan, components: globList(entryOf(job, "components")) };
}

function axesNamed(job: YamlMap, name: string): readonly Span[] {
  const matrix = mapOf(entryOf(job, "matrix")?.value);
  const axis = entryOf(mapOf(entryOf(matrix, "axes")?.value), name);
  const included = entryOf(matrix, "include")?.value;
  const cells = included?.kind === "list" ? included.items : [];
  const inCells = cells.flatMap((cell) => entryOf(mapOf(cell), name) ?? []);
  return [...(axis === null ? [] : [axis]), ...inCells].map(({ keySpan }) => keySpan);
}

/** The job without what chooses its components; the rest of its condition is asked of each instance. */
export function withoutChoice(job: YamlMap): YamlMap {
  const kept = [...job.entries].filter(([key]) => key !== "components" && key !== "changes");
  return { ...job, entries: new Map(kept) };
}

/** What tells a script its component: DELTA_COMPONENT_ID and DELTA_COMPONENT_ROOT. */
export function componentEnv(forEach: ForEachModel | null): ReadonlyMap<string, Template> {
  if (forEach === null) return new Map();
  const { span } = forEach;
  const member = (key: string): Template => {
    const object: Expression = { kind: "name", name: "component", span };
    return {
      parts: [{ kind: "member", object, key: { kind: "literal", value: key, span }, span }],
      span,
    };
  };
  return new Map([
    ["DELTA_COMPONENT_ID", member("id")],
    ["DELTA_COMPONENT_ROOT", member("root")],
  ]);
}

import type { Plan, PlanLimits } from "../../schemas/plan.ts";
import { PIPELINE_FILE } from "../input.ts";
import type { LoadedPipeline } from "../language/index.ts";
import { entryOf } from "../language/read.ts";
import { sourceName } from "../pinned.ts";
import { PIPELINE_ORIGIN, type YamlMap, type YamlNode } from "../yaml/nodes.ts";
import type { BoundReader } from "./bounds.ts";
import type { SetBy } from "./model.ts";
import type { Cause } from "./tell.ts";
import type { Tell } from "./trace-job.ts";
import { entryFor, fieldOf, valueOfEntry, type Written } from "./written.ts";

type Path = readonly (string | number)[];

/** Parts of a plan that no file writes. */
const SET_BY: Readonly<Partial<Record<keyof Plan, SetBy>>> = {
  version: "program",
  compiler: "program",
  event: "event",
  changes: "change",
  components: "components",
  uncertain: "change",
  decisions: "change",
};

const DEFAULT: Cause = { written: null, setBy: "default" };

/** Names the cause of every value of a plan that belongs to no job. */
export class PlanTracer {
  readonly #plan: Plan;
  readonly #root: YamlMap;
  readonly #origins: LoadedPipeline["origins"];
  readonly #bounds: BoundReader;
  readonly #tell: Tell;

  constructor(
    plan: Plan,
    { root, origins, bounds }: { root: YamlMap; origins: LoadedPipeline["origins"]; bounds: BoundReader },
    tell: Tell,
  ) {
    this.#plan = plan;
    this.#root = root;
    this.#origins = origins;
    this.#bounds = bounds;
    this.#tell = tell;
  }

  trace(): void {
    for (const [field, value] of Object.entries(this.#plan)) {
      if (field === "jobs") continue;
      if (field === "pipeline") this.#pipeline();
      else if (field === "sources") this.#sources();
      else if (field === "limits") this.#limits();
      else if (field === "policy") this.#policy();
      else this.#walk(value, this.#written(field), field, [field], this.#otherwise(field as keyof Plan));
    }
  }

  #otherwise(field: keyof Plan): Cause {
    return { written: null, setBy: SET_BY[field] ?? "default" };
  }

  #written(field: string): Written | null {
    if (SET_BY[field as keyof Plan] !== undefined) return null;
    const entry = entryFor(this.#root, field);
    return entry && valueOfEntry(entry);
  }

  #pipeline(): void {
    const { name, file } = this.#plan.pipeline;
    const written = entryOf(this.#root, "name");
    const cause: Cause = written ? { written: valueOfEntry(written) } : DEFAULT;
    this.#walk(name, null, "name", ["pipeline", "name"], cause);
    this.#walk(file, null, "file", ["pipeline", "file"], { written: null, setBy: "program" });
  }

  #limits(): void {
    for (const [field, value] of Object.entries(this.#plan.limits)) {
      const cause = this.#bounds.ofRun(field as keyof PlanLimits) ?? DEFAULT;
      this.#walk(value, null, field, ["limits", field], cause);
    }
  }

  /** Operators have one or none, and its digest is of all it says. */
  #policy(): void {
    const { policy } = this.#plan;
    const cause: Cause = policy === null ? DEFAULT : { written: null, setBy: "operators" };
    this.#walk(policy, null, "policy", ["policy"], cause);
  }

  /** A file is part of the plan because the pipeline starts there, or because something includes it. */
  #sources(): void {
    this.#plan.sources.forEach((source, index) => {
      const span = source.path === PIPELINE_FILE ? null : this.#origins.includePlace(sourceName(source));
      const cause: Cause =
        span === null ? { written: null, setBy: "program" } : { written: { node: nothingAt(span), span } };
      this.#walk(source, null, "sources", ["sources", index], cause);
    });
  }

  #walk(value: unknown, written: Written | null, kind: string, at: Path, otherwise: Cause): void {
    const isFull = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (!isFull) {
      const leaf = { at, pointer: at, value: value as never, matrix: null };
      return this.#tell(leaf, written === null ? otherwise : { written });
    }
    for (const [field, item] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(field) : field;
      const own = written && fieldOf(written, kind, field);
      this.#walk(item, own, field, [...at, step], otherwise);
    }
  }
}

function nothingAt(span: Written["span"]): YamlNode {
  return { kind: "scalar", value: null, source: "", style: "plain", span, origin: PIPELINE_ORIGIN };
}

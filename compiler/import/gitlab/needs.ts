import type { Report } from "../../diagnostics/report.ts";
import { entryOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import type { JobDraft, NeedDraft } from "../emit.ts";
import { KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";

/** A job as written, with what it extends. */
export interface WrittenJob {
  readonly entry: YamlEntry;
  readonly map: YamlMap;
  readonly stage: string;
  readonly report: Report;
}

/** What jobs wait for: what they name, or else the jobs of the stages before theirs. */
export class Needs {
  readonly #jobs: readonly WrittenJob[];
  readonly #stages: readonly string[];
  readonly #ids: ReadonlyMap<string, string>;
  /** Jobs of each stage. */
  readonly #byStage = new Map<string, WrittenJob[]>();

  constructor(jobs: readonly WrittenJob[], stages: readonly string[], ids: ReadonlyMap<string, string>) {
    this.#jobs = jobs;
    this.#stages = stages;
    this.#ids = ids;
    for (const job of jobs) this.#byStage.set(job.stage, [...(this.#byStage.get(job.stage) ?? []), job]);
  }

  of(job: WrittenJob): readonly NeedDraft[] {
    const needs = entryOf(job.map, "needs");
    const named = entryOf(job.map, "dependencies");
    const wanted = named === null ? null : new Set(scalarTexts(named.value));
    const isTaken = (name: string): boolean => wanted === null || wanted.has(name);
    const when = scalarText(entryOf(job.map, "when")?.value) === "always" ? ("done" as const) : undefined;
    return needs === null
      ? this.#byStages(job, when, isTaken)
      : this.#named(needs, when, isTaken, job.report);
  }

  #named(
    needs: YamlEntry,
    when: "done" | undefined,
    isTaken: (name: string) => boolean,
    report: Report,
  ): readonly NeedDraft[] {
    return itemsOf(needs.value).flatMap((item) => {
      const map = mapOf(item);
      const reader = map === null ? null : new KeyReader(map, report);
      const elsewhere = ["pipeline", "project"].find((key) => reader?.has(key));
      if (elsewhere !== undefined) {
        leftOut(
          report,
          item.span,
          `This need reads another ${elsewhere}, which nothing here does, and was left out`,
        );
        return [];
      }
      const name = scalarText(reader === null ? item : reader.node("job"));
      const optional = scalarText(reader?.node("optional")) === "true" ? (true as const) : undefined;
      const isWithout = scalarText(reader?.node("artifacts")) === "false";
      reader?.finish("a need", { parallel: "names single cells; here all of them are needed" });
      const id = name === null ? undefined : this.#ids.get(name);
      if (id !== undefined)
        return [{ job: id, when, optional, artifacts: isWithout || !isTaken(name ?? "") ? [] : undefined }];
      if (optional === undefined)
        leftOut(report, item.span, "This need is no job of the files that were read and was left out");
      return [];
    });
  }

  /** Jobs without `needs` wait for the nearest stage before theirs that has any, and take files of all of them. */
  #byStages(
    job: WrittenJob,
    when: "done" | undefined,
    isTaken: (name: string) => boolean,
  ): readonly NeedDraft[] {
    const before = this.#stages.slice(0, Math.max(0, this.#stages.indexOf(job.stage))).toReversed();
    const near = before.find((stage) => this.#byStage.has(stage));
    const earlier = new Set(before);
    return this.#jobs
      .filter(
        ({ entry, stage, map }) =>
          stage === near || (earlier.has(stage) && keepsFiles(map) && isTaken(entry.key)),
      )
      .map(({ entry }) => ({
        job: this.#ids.get(entry.key) ?? "",
        when,
        artifacts: isTaken(entry.key) ? undefined : [],
      }));
  }
}

/** Jobs of all stages before hand their files on, not only those of the nearest one. */
function keepsFiles(map: YamlMap): boolean {
  return entryOf(mapOf(entryOf(map, "artifacts")?.value), "paths") !== null;
}

/** Each need with the artifacts that its job keeps; an empty list has been asked for and stays. */
export function withArtifacts(jobs: ReadonlyMap<string, JobDraft>): ReadonlyMap<string, JobDraft> {
  const filled = (need: NeedDraft): NeedDraft => {
    const kept = (jobs.get(need.job)?.artifacts ?? []).filter(({ type }) => type === undefined);
    return need.artifacts === undefined && need.when === undefined
      ? { ...need, artifacts: kept.map(({ name }) => name) }
      : need;
  };
  return new Map(Array.from(jobs, ([id, job]) => [id, { ...job, needs: job.needs?.map(filled) }]));
}

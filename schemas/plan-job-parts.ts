import type { Place } from "./diagnostic.ts";

/** A program that runs beside the steps for as long as they do, reached by its name. */
export interface PlanService {
  readonly name: string;
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  /** Arguments in place of the image's own; null: the image's own. */
  readonly command: readonly string[] | null;
  readonly ports: readonly number[];
  /** Steps start when this command ends with 0 in the service; null: when it has started. */
  readonly ready: { readonly command: readonly string[]; readonly timeout_ms: number } | null;
  readonly place: Place;
}

/** Files kept between runs. read: never saved. write: never restored. */
export interface PlanCache {
  readonly key: string;
  readonly paths: readonly string[];
  /** Beginnings of keys to try, in order, when the key itself is not there. */
  readonly restore_keys: readonly string[];
  readonly mode: "read_write" | "read" | "write";
  readonly place: Place;
}

export interface PlanArtifact {
  readonly name: string;
  /** Globs from the checkout's root. */
  readonly paths: readonly string[];
  readonly type: "file" | "junit" | "coverage" | "sarif";
  readonly when: "success" | "failure" | "always";
  /** How long it is kept; null: as long as the operators keep such files. */
  readonly expire_ms: number | null;
  /** The job fails when nothing matches. */
  readonly required: boolean;
  readonly place: Place;
}

/**
 * A variable whose value is complete only when needed jobs have ended. Parts are text, or what is read
 * of a needed job: its `result`, or one of its outputs by name.
 */
export interface PlanLateValue {
  readonly variable: string;
  /** Index of the step whose environment it is in; null: the whole job's. */
  readonly step: number | null;
  readonly parts: readonly (string | PlanLateRead)[];
  readonly place: Place;
}

/** `output` is null for the job's result: succeeded, failed, canceled, timed_out, skipped or blocked. */
export interface PlanLateRead {
  readonly job: string;
  readonly output: string | null;
}

export interface PlanSecret {
  /** The environment variable that holds it. */
  readonly variable: string;
  /** The name its operators keep it under. */
  readonly secret: string;
  readonly place: Place;
}

export interface PlanIdToken {
  readonly variable: string;
  readonly audiences: readonly string[];
  readonly place: Place;
}

/** People must allow the job before it starts. An empty list of approvers: anybody who may write. */
export interface PlanApproval {
  readonly approvers: readonly string[];
  readonly min: number;
  /** The job is canceled when nobody allowed it in this time; null: it waits for as long as the run may. */
  readonly expires_ms: number | null;
  readonly place: Place;
}

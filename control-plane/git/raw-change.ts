import type { ChangeStatus } from "../../schemas/changes.ts";

/** A path that differs between two commits, with what undoing it takes. */
export interface RawChange {
  readonly status: ChangeStatus;
  readonly path: string;
  readonly oldPath: string | null;
  readonly oldMode: string;
  readonly oldBlob: string;
  readonly newMode: string;
}

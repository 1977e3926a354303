import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Type, type Static } from "typebox";
import { isUuid, UUID_PATTERN, type AttemptId } from "../../../schemas/ids.ts";
import { validate } from "../../../schemas/validate.ts";
import { processIdentity } from "./process-identity.ts";

const RunnerRecord = Type.Object(
  {
    version: Type.Literal(1),
    attempt_id: Type.String({ pattern: UUID_PATTERN }),
    pid: Type.Integer({ minimum: 2 }),
    /** processIdentity at its start; null when it had ended before that could be read. */
    identity: Type.Union([Type.String(), Type.Null()]),
    /** It was given its configuration, without which it can claim nothing and ends at once. */
    configured: Type.Boolean(),
    /** How it ended, where this control plane saw that. */
    exit: Type.Union([
      Type.Object({
        status: Type.Union([Type.Integer(), Type.Null()]),
        signal: Type.Union([Type.String(), Type.Null()]),
      }),
      Type.Null(),
    ]),
    /** Its processes are gone and its workspace is removed. */
    clean: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type RunnerRecord = Static<typeof RunnerRecord>;

/** A record of a runner that ended is kept this long, so that a repeated request finds it. */
const KEEP_ENDED_MS = 60 * 60 * 1000;

/**
 * One folder per attempt with what was started for it, so that a control plane started anew finds
 * the runners of the one before. Holds no token.
 */
export class RunnerRecords {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Where the runner's own messages go. */
  async logFile(attemptId: AttemptId): Promise<string> {
    const folder = join(this.#folder, attemptId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return join(folder, "runner.log");
  }

  async write(record: RunnerRecord): Promise<void> {
    const path = this.#path(record.attempt_id);
    await writeFile(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  }

  /** null when nothing is remembered, or what is there cannot be read. */
  async read(attemptId: AttemptId): Promise<RunnerRecord | null> {
    try {
      const record = validate(RunnerRecord, JSON.parse(await readFile(this.#path(attemptId), "utf8")));
      return record.ok ? record.value : null;
    } catch {
      return null;
    }
  }

  async list(): Promise<RunnerRecord[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const records = await Promise.all(names.filter(isUuid).map((name) => this.read(name as AttemptId)));
    return records.filter((record) => record !== null);
  }

  /** Forgets runners that ended long ago. The age is for housekeeping alone. */
  async prune(nowMs: number): Promise<void> {
    for (const record of await this.list()) {
      if (!record.clean || isRunning(record)) continue;
      const written = await stat(this.#path(record.attempt_id)).catch(() => null);
      if (written !== null && nowMs - written.mtimeMs > KEEP_ENDED_MS)
        await rm(join(this.#folder, record.attempt_id), { recursive: true, force: true });
    }
  }

  #path(attemptId: string): string {
    return join(this.#folder, attemptId, "runner.json");
  }
}

/** True while the very process that was started still runs. */
export function isRunning(record: RunnerRecord): boolean {
  return record.identity !== null && processIdentity(record.pid) === record.identity;
}

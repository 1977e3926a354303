/**
 * Limits that more than one part must agree on. Each has its unit in its name and its reason
 * beside it. Limits of one part alone live in that part.
 */

/** A runner that has not renewed for this long has lost its attempt. Three missed heartbeats and a margin. */
export const LEASE_TTL_MS = 30_000;
/** How often a runner renews; a third of the TTL, so that two lost messages cost nothing. */
export const HEARTBEAT_INTERVAL_MS = 8_000;
/** The holder stops trusting its lease this long before the TTL, counted from when it asked. */
export const LEASE_MARGIN_MS = 5_000;
/** After a lease ended its logs may still be appended for this long; its state never changes. */
export const LOG_GRACE_MS = 30_000;
/** A dispatched attempt that no runner claims within this time is given up. */
export const CLAIM_DEADLINE_MS = 120_000;
/** One log chunk, decoded. Bounds the memory of one request. */
export const LOG_CHUNK_BYTES_MAX = 256 * 1024;
/** One attempt's log; past it the stream ends with a marker and the job goes on. */
export const LOG_BYTES_MAX = 1024 * 1024 * 1024;
/** One piece of an artifact, as it is sent and stored. Bounds the memory of one request. */
export const ARTIFACT_CHUNK_BYTES_MAX = 1024 * 1024;
/** All artifacts of one attempt, packed. GitHub and GitLab take a few gigabytes too. */
export const ARTIFACT_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** What comes out of one artifact: four times the most that goes in. */
export const ARTIFACT_UNPACKED_BYTES_MAX = 16 * 1024 * 1024 * 1024;
/** Files and links in one artifact. */
export const ARTIFACT_FILES_MAX = 200_000;
/** Artifacts of one job. Each is an upload of its own and a row on the page of the run. */
export const ARTIFACTS_MAX = 50;
/** Artifacts that one attempt unpacks before its first step, of all jobs it needs. */
export const NEEDED_ARTIFACTS_MAX = 1_000;
/** All outputs of one attempt, names included, as the steps write them. They become environment of other jobs. */
export const OUTPUTS_BYTES_MAX = 64 * 1024;
/** Outputs of one job. All of them travel in one message. */
export const OUTPUTS_MAX = 50;
/** Steps in one job, streams in one attempt (stream 0 is the runner's own). */
export const STEPS_MAX = 200;
/** Any JSON body of the runner protocol. */
export const RUNNER_BODY_BYTES_MAX = 1024 * 1024;
/** GitHub's own limit for webhook bodies is 25 MB. */
export const WEBHOOK_BODY_BYTES_MAX = 25 * 1024 * 1024;
/** Jobs in one plan, after matrix and components, unless the operators allow more. */
export const PLAN_JOBS_MAX = 1_000;
/** The most that operators can allow; past it a plan's row and page are too large to be useful. */
export const PLAN_JOBS_CEILING = 10_000;
/** Cells of one matrix, as on GitHub. */
export const MATRIX_CELLS_MAX = 256;
/** One configuration file, as on GitHub. */
export const CONFIG_FILE_BYTES_MAX = 500 * 1024;
/** Attempts of one job, whatever `retry` says. */
export const ATTEMPTS_MAX = 10;
/** Losses in a row after which a job counts as poison and is not tried again. */
export const POISON_LOSSES = 3;
/** Longest time a job may ask for; also the ceiling of a run. */
export const TIMEOUT_MS_MAX = 24 * 60 * 60 * 1000;
/** A job's timeout when it names none. */
export const JOB_TIMEOUT_MS_DEFAULT = 60 * 60 * 1000;
/** How long an attempt may wait for a runner when its job names no queue timeout. */
export const QUEUE_TIMEOUT_MS_DEFAULT = 60 * 60 * 1000;
/** Between SIGTERM and SIGKILL when the job names no grace. */
export const CANCEL_GRACE_MS_DEFAULT = 10_000;
/** After the grace, how long the control plane waits for a confirmation before it ends the attempt alone. */
export const CANCEL_CONFIRM_MS = 10_000;
/** Text a runner may send as a summary of how it ended. */
export const SUMMARY_CHARACTERS_MAX = 4_096;

import type { Span } from "../../schemas/diagnostic.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { formatDuration } from "../language/duration.ts";
import type { JobModel } from "../language/model.ts";
import { formatSize } from "../language/size.ts";
import type { EffectivePolicy, ListCeiling, NumberCeiling } from "./effective.ts";
import type { Bound } from "./model.ts";

const PINNED_IMAGE = /@sha256:[0-9a-f]{64}$/;

/** A job's times where it says nothing of its own: the default, or the ceiling when that is lower. */
export function withCeilings(job: JobModel, policy: EffectivePolicy): JobModel {
  const lowered = (key: string, own: number, ceiling: NumberCeiling): number =>
    job.places.has(key) ? own : Math.min(own, policy.ceiling(ceiling)?.value ?? own);
  const timeoutMs = lowered("timeout", job.timeoutMs, "timeoutMs");
  const queueTimeoutMs = lowered("queue_timeout", job.queueTimeoutMs, "queueTimeoutMs");
  const isLowered = timeoutMs !== job.timeoutMs || queueTimeoutMs !== job.queueTimeoutMs;
  return isLowered ? { ...job, timeoutMs, queueTimeoutMs } : job;
}

interface Asked {
  readonly report: Report;
  readonly job: JobModel;
  readonly policy: EffectivePolicy;
}

/** Reports what a job asks for past a ceiling, at the place it asks and with the place of the ceiling. */
export function checkJob(job: JobModel, policy: EffectivePolicy, report: Report): void {
  const asked: Asked = { report, job, policy };
  const { resources } = job;
  const plain = (count: number): string => String(count);
  checkNumber(asked, "timeout", job.timeoutMs, "timeoutMs", formatDuration);
  checkNumber(asked, "queue_timeout", job.queueTimeoutMs, "queueTimeoutMs", formatDuration);
  checkNumber(asked, "resources.cpu", resources.cpuMillis, "cpuMillis", (cpu) => String(cpu / 1_000));
  checkNumber(asked, "resources.memory", resources.memoryBytes, "memoryBytes", formatSize);
  checkNumber(asked, "resources.disk", resources.diskBytes, "diskBytes", formatSize);
  checkNumber(asked, "resources.pids", resources.pids, "pids", plain);
  checkNumber(asked, "retry", job.retry.max, "retries", plain);
  checkMember(asked, "runner.pool", job.runner.pool, "pools");
  checkMember(asked, "runner.isolation", job.runner.isolation, "isolation");
  if (job.network?.egress !== "none")
    checkMember(asked, "network.egress", job.network?.egress ?? null, "egress");
}

/** The images of a job and its services, as they are for this event. */
export function checkImages(
  { job, planned }: { readonly job: JobModel; readonly planned: PlanJob },
  policy: EffectivePolicy,
  report: Report,
): void {
  const asked: Asked = { report, job, policy };
  if (planned.image !== null) checkImage(asked, "image", planned.image);
  for (const { image } of planned.services) checkImage(asked, "services", image);
}

function checkNumber(
  { job, policy, report }: Asked,
  key: string,
  value: number | null,
  ceiling: NumberCeiling,
  words: (value: number) => string,
): void {
  const bound = policy.ceiling(ceiling);
  if (bound === null || value === null || value <= bound.value) return;
  const message = `\`${job.id}\` asks for \`${key}\` ${words(value)}; ${whose(bound)} allows at most ${words(bound.value)}`;
  refuse(report, "DC1153", spanOf(job, key), message, bound);
}

function checkMember(
  { job, policy, report }: Asked,
  key: string,
  value: string | null,
  list: ListCeiling,
): void {
  if (value === null) return;
  const bound = policy.lists(list).find((one) => !one.value.includes(value));
  if (bound === undefined) return;
  const allowed = bound.value.map((one) => `\`${one}\``).join(", ");
  const message = `\`${job.id}\` asks for \`${key}\` ${quote(value)}; ${whose(bound)} allows ${allowed === "" ? "none" : allowed}`;
  refuse(report, "DC1154", spanOf(job, key), message, bound);
}

function checkImage({ job, policy, report }: Asked, key: string, image: string): void {
  const span = spanOf(job, key);
  const bound = policy.imageRefusedBy(image);
  if (bound !== null) {
    const allowed = bound.value.map((one) => `\`${one}\``).join(", ");
    const message = `\`${job.id}\` asks for the image ${quote(image)}; ${whose(bound)} allows ${allowed}`;
    refuse(report, "DC1155", span, message, bound);
  }
  const pinned = policy.imagesPinned();
  if (pinned === null || PINNED_IMAGE.test(image)) return;
  const message = `The image ${quote(image)} of \`${job.id}\` may change under its name; ${whose(pinned)} asks for \`@sha256:\` and a digest`;
  refuse(report, "DC1156", span, message, pinned);
}

function refuse(
  report: Report,
  code: DiagnosticCode,
  span: Span,
  message: string,
  { from }: Bound<unknown>,
): void {
  const related = from.by === "repository" ? [{ span: from.span, message: "the ceiling is set here" }] : [];
  report.add(code, span, message, { related });
}

function whose({ from }: Bound<unknown>): string {
  if (from.by === "repository") return "`policies.jobs`";
  const { file, line, column } = from.place;
  return `the operators' policy (${file}:${line}:${column})`;
}

/** Where the job says it, or the nearest key around it, or the job itself for what it does not say. */
function spanOf(job: JobModel, key: string): Span {
  return job.places.get(key) ?? job.places.get(key.split(".")[0] ?? key) ?? job.span;
}

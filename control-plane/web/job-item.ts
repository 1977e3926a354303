import { byteText } from "../../compiler/render/index.ts";
import type { ArtifactView, AttemptView, JobView } from "../../schemas/api.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import { ATTEMPT_TRANSITIONS, isTerminal } from "../../schemas/states.ts";
import { durationText } from "../checks/markdown.ts";
import { duration } from "./duration.ts";
import { html, type Html } from "./html.ts";
import { moment } from "./layout.ts";
import { prose } from "./prose.ts";
import { badge, stateIcon } from "./state-badge.ts";

/** The runner's own log; the log of step n is stream n + 1. */
const RUNNER_STREAM = 0;
/** Jobs in these states have nothing to look at first. */
const QUIET: ReadonlySet<string> = new Set(["skipped", "waiting", "succeeded"]);

type StepView = AttemptView["steps"][number];

/** One job: its state and reason, its attempts, their steps and logs. */
export function jobItem(job: JobView, now: Date): Html {
  const last = job.attempts.at(-1);
  // What an active job does is what its newest attempt does.
  const state = job.state === "active" ? (last?.state ?? "active") : job.state;
  const ended = job.state === "skipped" ? null : reasonText(job.reason, job.reason_detail);
  const why = job.pending ?? ended;
  return html`<details class="job ${job.state}" id="job-${job.id}" data-merge ${QUIET.has(job.state) ? null : html`open`}>
<summary id="head-${job.id}" data-live>${badge(state)}<b class="name">${job.key}</b>${!job.required && html`<span class="note">not required</span>`}<span class="because">${prose(why ?? job.because)}</span>${duration(job.started_at, job.finalized_at, now)}</summary>
<p class="faint decision" id="because-${job.id}" data-live>${why !== null && html`${job.state === "skipped" ? "Left out" : "In this run"}: ${prose(job.because)}. `}<a href="#decision-${job.id}">What decided this</a></p>
<div id="attempts-${job.id}" data-merge>${job.attempts.map((attempt) => attemptItem(attempt, attempt === last, now))}</div>
</details>`;
}

/** Only the newest attempt is unfolded; earlier ones are history. */
function attemptItem(attempt: AttemptView, isNewest: boolean, now: Date): Html {
  const { id, number, state, reason, reason_detail, exit_code, steps, streams, pending } = attempt;
  const why = pending ?? reasonText(reason, reason_detail);
  const code =
    exit_code === null || exit_code === 0 || reason_detail !== null ? null : `exit code ${exit_code}`;
  const receipt = attempt.cancel_receipt;
  const own = streams.find(({ stream }) => stream === RUNNER_STREAM);
  return html`<details class="attempt" id="attempt-${id}" data-merge ${isNewest && html`open`}>
<summary id="attempt-head-${id}" data-live>Attempt ${number} ${badge(state)}<span class="because">${prose([why, code].filter((text) => text !== null).join(", "))}${receipt === null ? null : ` Stop confirmed: ${receipt.replaceAll("_", " ")}.`}</span>${duration(attempt.started_at, attempt.finalized_at, now)}</summary>
<div class="steps" id="steps-${id}" data-merge>${own === undefined ? null : logItem(attempt, own, null)}${steps.map(
    (step) => {
      const stream = streams.find((one) => one.stream === step.index + 1);
      return stream === undefined ? stepLine(attempt, step) : logItem(attempt, stream, step);
    },
  )}</div>
${artifactList(attempt)}</details>`;
}

/** What the attempt left behind, to be kept as files; what was removed is still told. */
function artifactList({ id, artifacts }: AttemptView): Html | null {
  if (artifacts.length === 0) return null;
  return html`<ul class="artifacts" id="artifacts-${id}" data-live aria-label="Artifacts">${artifacts.map(
    (artifact) => artifactLine(id, artifact),
  )}</ul>
`;
}

function artifactLine(attempt: string, artifact: ArtifactView): Html {
  const { name, type, size, files, unpacked_bytes, expires_at, removed_at } = artifact;
  const shown =
    removed_at === null
      ? html`<a class="name" href="/api/v1/attempts/${attempt}/artifacts/${name}" download>${name}.tar.gz</a>`
      : html`<span class="name faint">${name}.tar.gz</span>`;
  const kind = type === "file" ? null : html`<span class="note">${type}</span>`;
  const until =
    removed_at === null ? html`kept until ${moment(expires_at)}` : html`removed ${moment(removed_at)}`;
  return html`<li>${shown}${kind}<span class="faint">${files === 1 ? "1 file" : `${files} files`}, ${byteText(size)}, ${byteText(unpacked_bytes)} unpacked</span><span class="note until">${until}</span></li>`;
}

function stepLine({ id }: AttemptView, step: StepView): Html {
  return html`<div class="step" id="step-${id}-${step.index}" data-live>${stepHead(step)}</div>`;
}

/** A step with its log folded in it, or the runner's own log when there is no step. Scripts fill the log in. */
function logItem(
  attempt: AttemptView,
  { stream, acked, closed }: AttemptView["streams"][number],
  step: StepView | null,
): Html {
  const source = `/api/v1/attempts/${attempt.id}/logs/${stream}`;
  const id = step === null ? `log-${attempt.id}` : `step-${attempt.id}-${step.index}`;
  const complete = closed || isTerminal(ATTEMPT_TRANSITIONS, attempt.state);
  const open = step !== null && ["running", "failed", "timed_out"].includes(step.state);
  return html`<details class="log" id="${id}" data-merge data-log="${source}" data-bytes="${acked}" data-state="${step?.state ?? "runner"}" data-complete="${complete ? "yes" : "no"}" ${open && html`open`}>
<summary id="head-${id}" data-live>${step === null ? html`<span class="name faint">Runner: preparation and sources</span>` : stepHead(step)}</summary>
<p class="log-bar"><a href="${source}">Log as plain text</a></p><pre tabindex="0" aria-label="Log of ${step?.name ?? "the runner"}"></pre></details>`;
}

function stepHead(step: StepView): Html {
  const { state, name, exit_code, signal, duration_ms } = step;
  const end = exit_code === null ? signal : exit_code === 0 ? null : `exit ${exit_code}`;
  return html`${stateIcon(state)}<span class="name">${name}</span>${state === "succeeded" ? null : html`<span class="faint">${state.replaceAll("_", " ")}</span>`}${end === null ? null : html`<span class="why">${end}</span>`}<span class="took">${duration_ms === null ? null : durationText(duration_ms)}</span>`;
}

export function reasonText(reason: Reason | null, detail: string | null): string | null {
  if (reason === null || reason === "ok") {
    return null;
  }
  return detail === null ? REASONS[reason].title : `${REASONS[reason].title}: ${detail}`;
}

import { html, Html } from "./html.ts";

/** How a state looks: its colour in style.css, and a symbol for those who do not see colours apart. */
export type Tone = "good" | "bad" | "busy" | "waiting" | "still";

const TONES: Readonly<Record<string, Tone>> = {
  succeeded: "good",
  selected: "good",
  failed: "bad",
  plan_failed: "bad",
  timed_out: "bad",
  lost: "bad",
  blocked: "bad",
  planning: "busy",
  running: "busy",
  active: "busy",
  leased: "busy",
  starting: "busy",
  uploading: "busy",
  cancel_requested: "busy",
  created: "waiting",
  queued: "waiting",
  waiting: "waiting",
  dispatched: "waiting",
};

/** Paths in a box of 16 by 16. */
const SYMBOLS: Readonly<Record<Tone, string>> = {
  good: "M4.5 8.4l2.4 2.4 4.6-5.2",
  bad: "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4",
  busy: "M8 4.6V8l2.3 1.5",
  waiting: "M5 8h.01M8 8h.01M11 8h.01",
  still: "M5 8h6",
};

export function toneOf(state: string): Tone {
  return TONES[state] ?? "still";
}

/** The symbol of a state alone; the text beside it says the same. */
export function stateIcon(state: string): Html {
  const tone = toneOf(state);
  return html`<svg class="icon ${tone}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="8" cy="8" r="7"/><path d="${new Html(SYMBOLS[tone])}"/></svg>`;
}

/** A state with its symbol, its colour and its name. */
export function badge(state: string): Html {
  return html`<span class="badge ${toneOf(state)}">${stateIcon(state)}${state.replaceAll("_", " ")}</span>`;
}

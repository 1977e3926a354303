import { durationText, elapsed } from "../checks/markdown.ts";
import { html, type Html } from "./html.ts";

/** How long something took, or has taken until now; scripts let the latter go on. Nothing before it starts. */
export function duration(from: string | null, to: string | null, now: Date): Html | null {
  if (from === null) {
    return null;
  }
  return to === null
    ? html`<span class="took" data-since="${from}">${durationText(Math.max(0, now.getTime() - Date.parse(from)))}</span>`
    : html`<span class="took">${elapsed(from, to)}</span>`;
}

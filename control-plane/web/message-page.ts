import { html } from "./html.ts";
import { layout } from "./layout.ts";

/** What a browser is told instead of what it asked for. */
export function messagePage(title: string, message: string): string {
  return layout({
    title,
    script: null,
    body: html`<div class="empty"><h1>${title}</h1><p class="faint">${message}</p><p><a href="/runs">All runs</a></p></div>`,
  });
}

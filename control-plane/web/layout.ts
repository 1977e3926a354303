import { html, type Html } from "./html.ts";

export interface Page {
  readonly title: string;
  readonly script: "run.js" | "runs.js" | "login.js" | null;
  readonly body: Html;
  /** Where no script runs, a page that is about to change asks for itself again after so many seconds. */
  readonly againSeconds?: number | null;
}

/** A whole page. Scripts and styles are files of ours alone, which the content security policy holds browsers to. */
export function layout({ title, script, body, againSeconds = null }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Delta CI</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
<link rel="stylesheet" href="/assets/log.css">
${againSeconds === null ? null : html`<noscript><meta http-equiv="refresh" content="${againSeconds}"></noscript>`}
${script === null ? null : html`<script type="module" src="/assets/${script}"></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar"><a href="/runs"><img src="/assets/icon.svg" width="20" height="20" alt=""> Delta CI</a></header>
<main id="content">${body}</main>
</body>
</html>
`.text;
}

/** A moment that scripts turn into the reader's own time. */
export function moment(text: string | null): Html | null {
  return text === null
    ? null
    : html`<time datetime="${text}">${text.slice(0, 19).replace("T", " ")} UTC</time>`;
}

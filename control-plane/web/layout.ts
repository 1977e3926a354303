import { html, type Html } from "./html.ts";

/** A whole page. Scripts and styles are files of ours alone, which the content security policy holds browsers to. */
export function layout(page: {
  readonly title: string;
  readonly script: "run.js" | "login.js" | null;
  readonly body: Html;
}): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title}</title>
<link rel="stylesheet" href="/assets/style.css">
${page.script === null ? null : html`<script type="module" src="/assets/${page.script}"></script>`}
</head>
<body>
<header class="bar"><a href="/runs">Delta CI</a></header>
<main>${page.body}</main>
</body>
</html>
`.text;
}

/** A state with its colour. */
export function badge(state: string): Html {
  return html`<span class="badge state-${state}">${state.replaceAll("_", " ")}</span>`;
}

/** A moment that scripts turn into the reader's own time. */
export function moment(text: string | null): Html | null {
  return text === null
    ? null
    : html`<time datetime="${text}">${text.slice(0, 19).replace("T", " ")} UTC</time>`;
}

import { html } from "./html.ts";
import { layout } from "./layout.ts";

/** Asks for the API token once; a link of the CLI carries it in the fragment, which no server is sent. */
export function loginPage(next: string, failed: boolean): string {
  return layout({
    title: "Sign in",
    script: "login.js",
    body: html`<div class="sign-in"><h1>Sign in</h1>
${failed && html`<p class="why" role="alert">That is not this server's token.</p>`}
<form method="post" action="/login" id="login">
<input type="hidden" name="next" value="${next}">
<label>API token <input type="password" name="token" autocomplete="off" required autofocus></label>
<button>Sign in</button>
</form>
<p class="faint">The token is in the server's state folder; <code>delta up</code> prints a link that carries it.</p></div>`,
  });
}

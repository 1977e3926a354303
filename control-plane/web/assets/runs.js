import { merge } from "./merge.js";
import { keepTime, tellTimes } from "./moments.js";

/** New runs appear within this while somebody looks. */
const LOOK_MS = 3_000;

tellTimes(document);
keepTime();
setInterval(() => {
  if (!document.hidden) refresh().catch(() => undefined);
}, LOOK_MS);

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  tellTimes(fresh);
  merge(document.querySelector("#content"), fresh.querySelector("#content"));
}

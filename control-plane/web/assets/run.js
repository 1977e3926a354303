import { watchLogs } from "./log-view.js";
import { merge, watchTouches } from "./merge.js";
import { keepTime, tellTimes } from "./moments.js";

/** A server that restarts is asked again after this. */
const AGAIN_MS = 2_000;
/** A connection that is back before this was never missed. */
const LOST_MS = 3_000;
/** At least so long between two copies of the page. */
const REST_MS = 100;

const run = document.querySelector("#run");
const connection = document.querySelector("#connection");
let events = null;
let lost = null;

tellTimes(document);
keepTime();
watchTouches(run);
watchLogs(run);
openNamedJob();
window.addEventListener("hashchange", openNamedJob);
document.addEventListener("visibilitychange", listen);
listen();

/** Hears of changes while somebody looks: a hidden page holds no connection, of which a browser has few. */
function listen() {
  const wanted = !document.hidden && run.dataset.follow === "yes";
  if (!wanted) {
    events?.close();
    events = null;
    sayLost(false);
    return;
  }
  if (events !== null) return;
  const source = new EventSource(`/api/v1/runs/${run.dataset.run}/events`);
  events = source;
  const catchUp = latest(refresh);
  source.addEventListener("run", () => void catchUp());
  source.addEventListener("open", () => sayLost(false));
  source.addEventListener("error", () => {
    if (events !== source) return;
    sayLost(true);
    if (source.readyState !== EventSource.CLOSED) return;
    // Refused rather than cut: the browser gives up, this page does not.
    events = null;
    setTimeout(
      () =>
        refresh()
          .catch(() => undefined)
          .then(listen),
      AGAIN_MS,
    );
  });
}

function sayLost(isLost) {
  if (!isLost) {
    clearTimeout(lost);
    lost = null;
    connection.hidden = true;
    return;
  }
  lost ??= setTimeout(() => {
    connection.hidden = false;
  }, LOST_MS);
}

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (answer.redirected) {
    // The session has ended, and only its owner can begin a new one.
    location.reload();
    return;
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  tellTimes(fresh);
  document.title = fresh.title;
  merge(run, fresh.querySelector("#run"));
  watchLogs(run);
  listen();
}

/**
 * One call at a time, and one more when asked for meanwhile. Between two it rests as long as the first
 * took, so that a large page leaves time to read.
 */
function latest(action) {
  let busy = false;
  let again = false;
  return async () => {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      const begun = performance.now();
      await action().catch(() => undefined);
      const rest = Math.max(REST_MS, performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
    busy = false;
  };
}

function openNamedJob() {
  const job = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (job instanceof HTMLDetailsElement) {
    job.open = true;
    job.scrollIntoView({ block: "nearest" });
  }
}

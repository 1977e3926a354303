import { classesOf, plainStyle, readLine } from "./ansi.js";

/** Lines of one log kept on the page; older ones are in the raw log. */
const LINES_MAX = 5_000;
/** A line longer than this is cut on the page. */
const LINE_CHARACTERS_MAX = 4_000;

const run = document.querySelector("#run");
const reading = new WeakSet();

followTimes(document);
watchLogs(document);
openNamedJob();
if (run?.dataset.follow === "yes") follow();

/** Takes the page again at every change of the run and brings what is new into this one. */
function follow() {
  const events = new EventSource(`/api/v1/runs/${run.dataset.run}/events`);
  let busy = false;
  let again = false;
  const catchUp = async () => {
    while (again) {
      again = false;
      await refresh().catch(() => undefined);
    }
    busy = false;
  };
  events.addEventListener("run", () => {
    again = true;
    if (!busy) {
      busy = true;
      void catchUp();
    }
  });
}

async function refresh() {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = fresh.title;
  merge(run, fresh.querySelector("#run"));
  followTimes(run);
  watchLogs(run);
}

/** Replaces what is live, goes into what is merged, adds what is missing, leaves the rest. */
function merge(current, fresh) {
  for (const child of fresh.children) {
    const own = child.id === "" ? null : document.getElementById(child.id);
    if (own === null) {
      if (child.id !== "") current.append(document.importNode(child, true));
    } else if ("live" in child.dataset) {
      if (own.innerHTML !== child.innerHTML) own.replaceWith(document.importNode(child, true));
    } else if ("merge" in child.dataset) {
      merge(own, child);
    }
  }
}

function watchLogs(root) {
  for (const log of root.querySelectorAll("details.log")) {
    log.addEventListener("toggle", () => {
      if (log.open && !reading.has(log)) {
        reading.add(log);
        readLog(log).catch(() => reading.delete(log));
      }
    });
  }
}

/** Shows a log as it grows. Keeps to the end while the reader is at the end. */
async function readLog(log) {
  const output = log.querySelector("pre");
  output.replaceChildren();
  const answer = await fetch(`${log.dataset.log}?follow=true`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let style = plainStyle();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop() ?? "";
    // A line without end is shown in pieces rather than kept.
    if (rest.length > LINE_CHARACTERS_MAX) {
      lines.push(rest);
      rest = "";
    }
    style = append(output, lines, style);
  }
  if (rest !== "") append(output, [rest], style);
}

function append(output, lines, style) {
  const atEnd = output.scrollTop + output.clientHeight >= output.scrollHeight - 20;
  const fragment = document.createDocumentFragment();
  let current = style;
  for (const line of lines) {
    const read = readLine(line.slice(0, LINE_CHARACTERS_MAX), current);
    current = read.style;
    const row = document.createElement("div");
    for (const piece of read.pieces) {
      const span = document.createElement("span");
      span.className = classesOf(piece.style);
      span.textContent = piece.text;
      row.append(span);
    }
    fragment.append(row);
  }
  output.append(fragment);
  while (output.childElementCount > LINES_MAX) output.firstElementChild.remove();
  if (atEnd) output.scrollTop = output.scrollHeight;
  return current;
}

function followTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

function openNamedJob() {
  const job = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (job instanceof HTMLDetailsElement) {
    job.open = true;
    job.scrollIntoView();
  }
}

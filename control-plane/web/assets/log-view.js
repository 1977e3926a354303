import { classesOf, plainStyle, readLine } from "./ansi.js";

/** Lines of one log kept on the page; older ones are in the log as plain text. */
const LINES_MAX = 5_000;
/** A line longer than this is cut on the page. */
const LINE_CHARACTERS_MAX = 4_000;
/** Of a longer log only so much of its end is read. */
const TAIL_BYTES_MAX = 2 * 1024 * 1024;
/** How soon new lines of a running step are seen. */
const LOOK_MS = 400;
const AGAIN_MS = 2_000;
/** Closer than this to the end, in pixels, the reader is at the end. */
const END_PIXELS = 24;

const views = new WeakMap();

/** Fills the logs in this part of the page as they are unfolded. */
export function watchLogs(root) {
  for (const log of root.querySelectorAll("details.log")) {
    if (views.has(log)) continue;
    const view = new LogView(log);
    views.set(log, view);
    log.addEventListener("toggle", () => void view.read());
    void view.read();
  }
}

document.addEventListener("visibilitychange", () => {
  for (const log of document.querySelectorAll("details.log[open]")) void views.get(log)?.read();
});

/**
 * One log. What comes is asked for again and again from where it stopped, rather than held open: a
 * browser has six connections to a server, and a run has many logs.
 */
class LogView {
  constructor(log) {
    this.log = log;
    this.output = log.querySelector("pre");
    this.offset = Math.max(0, Number(log.dataset.bytes) - TAIL_BYTES_MAX);
    // Where the beginning is left out, the first line is not whole and has no known number.
    this.cut = this.offset > 0;
    this.line = 0;
    this.decoder = new TextDecoder();
    this.style = plainStyle();
    this.rest = "";
    this.busy = false;
    this.done = false;
    // A log that grows and one that ended badly are looked at from their end.
    this.follow = log.dataset.complete === "no" || !["succeeded", "runner"].includes(log.dataset.state);
    /** Where following left the log; a reader who is above it, and not at the end, went there. */
    this.followedTo = 0;
    this.button = this.#followButton();
    this.output.addEventListener("scroll", () => this.#setFollow(this.#isAtEnd()));
  }

  async read() {
    if (this.busy) return;
    this.busy = true;
    while (this.log.open && !document.hidden && !this.done) {
      // Known before the question: what is complete when asked for is read to its end by the answer.
      const complete = this.log.dataset.complete === "yes";
      const pause = await this.#readOn(complete).then(
        () => LOOK_MS,
        () => AGAIN_MS,
      );
      if (!this.done) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.busy = false;
  }

  async #readOn(complete) {
    const answer = await fetch(`${this.log.dataset.log}?offset=${this.offset}&follow=${complete}`);
    if (!answer.ok) throw new Error(`the log answered ${answer.status}`);
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.offset += part.value.length;
      this.#take(this.decoder.decode(part.value, { stream: true }));
    }
    if (!complete) return;
    this.#append(this.rest === "" ? [] : [this.rest]);
    this.done = true;
    this.button.hidden = true;
    if (this.output.childElementCount === 0) this.output.dataset.empty = "yes";
  }

  #take(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    if (this.cut && lines.length > 0) {
      lines.splice(0, 1);
      this.cut = false;
      this.line = null;
      this.#note("Earlier lines are left out here; the plain text has them all.");
    }
    // A line without end is shown in pieces rather than kept.
    if (this.rest.length > LINE_CHARACTERS_MAX) {
      lines.push(this.rest);
      this.rest = "";
    }
    this.#append(lines);
  }

  #append(lines) {
    const rows = lines.slice(-LINES_MAX);
    if (this.line !== null) this.line += lines.length - rows.length;
    // The browser tells of scrolling a frame later: lines that come before that must not pull the reader back.
    if (this.follow && this.output.scrollTop < this.followedTo && !this.#isAtEnd()) this.#setFollow(false);
    this.output.append(...rows.map((line) => this.#row(line)));
    const excess = this.output.childElementCount - LINES_MAX;
    for (let count = 0; count < excess; count++) this.output.firstElementChild.remove();
    if (this.follow) this.#scrollToEnd();
  }

  #scrollToEnd() {
    this.output.scrollTop = this.output.scrollHeight;
    this.followedTo = this.output.scrollTop;
  }

  #row(line) {
    const read = readLine(line.slice(0, LINE_CHARACTERS_MAX), this.style);
    this.style = read.style;
    const row = document.createElement("div");
    if (this.line !== null) row.dataset.line = String(++this.line);
    for (const piece of read.pieces) {
      const span = document.createElement("span");
      span.className = classesOf(piece.style);
      span.textContent = piece.text;
      row.append(span);
    }
    return row;
  }

  #note(text) {
    const note = document.createElement("span");
    note.textContent = text;
    this.log.querySelector(".log-bar").append(note);
  }

  #followButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "follow";
    button.textContent = "Follow";
    button.setAttribute("aria-pressed", String(this.follow));
    button.hidden = this.log.dataset.complete === "yes";
    button.addEventListener("click", () => {
      this.#setFollow(!this.follow);
      if (this.follow) this.#scrollToEnd();
    });
    this.log.querySelector(".log-bar").append(button);
    return button;
  }

  #setFollow(follow) {
    this.follow = follow;
    this.button.setAttribute("aria-pressed", String(follow));
  }

  #isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.output;
    return scrollTop + clientHeight >= scrollHeight - END_PIXELS;
  }
}

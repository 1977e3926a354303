const TICK_MS = 1_000;
const SECOND = 1_000;

/** Writes moments in the reader's own time, and how long it is since others. */
export function tellTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const local = new Date(time.dateTime);
    time.textContent = `${local.toLocaleDateString("sv-SE")} ${local.toLocaleTimeString("sv-SE")}`;
    time.title = time.dateTime;
  }
  for (const element of root.querySelectorAll("[data-since]")) {
    element.textContent = spoken(Date.now() - Date.parse(element.dataset.since));
  }
}

/** Lets durations of what goes on now go on. */
export function keepTime() {
  setInterval(() => {
    if (!document.hidden) tellTimes(document);
  }, TICK_MS);
}

function spoken(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

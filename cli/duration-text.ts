/** `0.4 s`, `12 s`, `3 m 20 s`, `2 h 05 m`: short enough for a table column. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} m`;
}

/** From start to end, or to now while there is no end; empty when it never started. */
export function elapsedText(startedAt: string | null, endedAt: string | null, nowMs: number): string {
  if (startedAt === null) return "";
  return durationText((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
}

import { EXIT } from "./exit-codes.ts";

/** Two signals this close are one Ctrl-C that reached the process twice: from the terminal and from its parent. */
const SAME_PRESS_MS = 300;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof SIGNALS;

/** What Ctrl-C does until a command that has something to stop takes its place. */
export function exitInterrupted(): never {
  process.exit(EXIT.interrupted);
}

/**
 * Ctrl-C and its like, counted: the first asks to stop and to wait for that, the second to stop at
 * once, the third ends the process without another thought. `close` gives the signals back.
 */
export interface Interruption {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  /** The exit code of the first signal that came; null when none did. */
  exitCode(): number | null;
  close(): void;
}

export function watchInterruption(): Interruption {
  const presses = [new AbortController(), new AbortController()] as const;
  let count = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let exitCode: number | null = null;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (now - lastAt < SAME_PRESS_MS) return;
    lastAt = now;
    exitCode ??= SIGNALS[signal as Signal];
    const press = presses[count];
    count += 1;
    if (press === undefined) process.exit(exitCode);
    press.abort(new Error(signal));
  };
  process.off("SIGINT", exitInterrupted);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  return {
    first: presses[0].signal,
    second: presses[1].signal,
    exitCode: () => exitCode,
    close() {
      for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
    },
  };
}

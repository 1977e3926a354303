import type { CommandOutput } from "./processes/command.ts";

/**
 * Tells when a command has written nothing for too long. Output that nobody takes, because the log's store
 * is slow, is no silence of the command: the clock stands until there is room.
 */
export class SilenceWatch {
  readonly #afterMs: number;
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(afterMs: number, onSilence: () => void) {
    this.#afterMs = afterMs;
    this.#onSilence = onSilence;
  }

  /** The output with the clock beside it, which begins at once. */
  over(output: CommandOutput): CommandOutput {
    this.#begin();
    return {
      write: (bytes) => {
        const hasRoom = output.write(bytes);
        if (hasRoom) this.#begin();
        else this.end();
        return hasRoom;
      },
      room: async () => {
        await output.room();
        this.#begin();
      },
    };
  }

  /** The clock stands until something is written. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #begin(): void {
    if (this.#timer === null) this.#timer = setTimeout(this.#onSilence, this.#afterMs);
    else this.#timer.refresh();
  }
}

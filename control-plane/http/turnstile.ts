import type { IncomingMessage } from "node:http";

/** Lets so many bodies run at once, and so many for one holder; the rest wait in order, and leave the queue when their client does. */
export interface Turnstile {
  /** Nothing is done for a client that has left. */
  pass(client: IncomingMessage, holder: string, body: () => Promise<void>): Promise<void>;
}

interface Waiting {
  readonly holder: string;
  readonly enter: () => void;
}

export function createTurnstile(atOnce: number, ofOneHolder: number): Turnstile {
  let running = 0;
  const runningOf = new Map<string, number>();
  const waiting: Waiting[] = [];

  /** Who waits behind a holder that has its share is let past. */
  function admit(): void {
    while (running < atOnce) {
      const index = waiting.findIndex(({ holder }) => (runningOf.get(holder) ?? 0) < ofOneHolder);
      const [next] = index < 0 ? [] : waiting.splice(index, 1);
      if (next === undefined) return;
      running += 1;
      runningOf.set(next.holder, (runningOf.get(next.holder) ?? 0) + 1);
      next.enter();
    }
  }

  function leave(holder: string): void {
    running -= 1;
    const left = (runningOf.get(holder) ?? 1) - 1;
    if (left === 0) runningOf.delete(holder);
    else runningOf.set(holder, left);
    admit();
  }

  /** False when the client left before its turn came. */
  function turn({ socket }: IncomingMessage, holder: string): Promise<boolean> {
    return new Promise((resolve) => {
      // A socket that is closed already tells nobody of it again.
      if (socket.destroyed) {
        resolve(false);
        return;
      }
      const one: Waiting = {
        holder,
        enter: () => {
          socket.off("close", giveUp);
          resolve(true);
        },
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(one), 1);
        resolve(false);
      };
      socket.once("close", giveUp);
      waiting.push(one);
      admit();
    });
  }

  return {
    async pass(client, holder, body) {
      if (!(await turn(client, holder))) return;
      try {
        await body();
      } finally {
        leave(holder);
      }
    },
  };
}

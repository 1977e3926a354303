import type { IncomingMessage } from "node:http";

/** Lets so many bodies run at once; the rest wait in order, and leave the queue when their client does. */
export interface Turnstile {
  pass(client: IncomingMessage, body: () => Promise<void>): Promise<void>;
}

export function createTurnstile(atOnce: number): Turnstile {
  let running = 0;
  const waiting: (() => void)[] = [];

  /** False when the client left before its turn came. */
  function turn(client: IncomingMessage): Promise<boolean> {
    return new Promise((resolve) => {
      const enter = () => {
        client.socket.off("close", leave);
        resolve(true);
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        resolve(false);
      };
      waiting.push(enter);
      client.socket.once("close", leave);
    });
  }

  return {
    async pass(client, body) {
      if (running < atOnce) {
        running++;
      } else if (!(await turn(client))) {
        return;
      }
      try {
        await body();
      } finally {
        // The place goes to the next in line, or is free.
        const next = waiting.shift();
        if (next === undefined) {
          running--;
        } else {
          next();
        }
      }
    },
  };
}

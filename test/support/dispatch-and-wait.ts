import { text } from "node:stream/consumers";
import {
  LocalProcessDispatcher,
  type LocalProcessOptions,
} from "../../control-plane/dispatchers/local-process.ts";
import type { DispatchRequest } from "../../schemas/dispatcher.ts";

// A control plane to kill: dispatches the attempt that standard input names, says so, and waits.
const { options, request } = JSON.parse(await text(process.stdin)) as {
  options: Omit<LocalProcessOptions, "warn">;
  request: DispatchRequest;
};
const dispatcher = new LocalProcessDispatcher({ ...options, warn: () => {} });
await dispatcher.start();
const result = await dispatcher.dispatch(request);
process.stdout.write(`${result.status}\n`);
setInterval(() => {}, 60_000);

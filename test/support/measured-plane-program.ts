import { readConfig, startControlPlane } from "../../control-plane/main.ts";
import { FakeDispatcher } from "./fake-dispatcher.ts";
import type { PlaneOrder } from "./measured-plane.ts";

/** Every turn of the loop meets a timer that is due: what the thread computed between two of them is one turn. */
const LOOK_MS = 1;

let longest = 0;
let before = process.threadCpuUsage();
setInterval(() => {
  const { user, system } = process.threadCpuUsage(before);
  longest = Math.max(longest, user + system);
  before = process.threadCpuUsage();
}, LOOK_MS);
process.on("message", () => {
  process.send?.(longest / 1_000);
  longest = 0;
});

const { environment, database, planner } = JSON.parse(process.argv[2] ?? "") as PlaneOrder;
const plane = await startControlPlane(readConfig(environment, { database, logLevel: "silent" }), {
  dispatcher: () => new FakeDispatcher(),
  ...(planner === undefined ? {} : { planner }),
});
process.once("SIGTERM", () => void plane.stop().then(() => process.exit(0)));
process.send?.(plane.url);

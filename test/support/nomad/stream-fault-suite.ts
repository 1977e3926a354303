import { test } from "vitest";
import type { NomadConfig } from "../../../nomad/config.ts";
import type { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import type { Hint } from "../../../schemas/dispatcher.ts";
import { withDeadline } from "../deadline.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { dispatchRequest } from "./requests.ts";

const STREAMED = /^GET \/v1\/event\/stream$/;
/** Nothing waits this long when all is well. */
const WAIT_MS = 30_000;

type Open = (changes: Partial<NomadConfig>) => Promise<{
  readonly proxy: FaultProxy;
  readonly config: NomadConfig;
  readonly dispatcher: NomadDispatcher;
}>;

/** Hints come, and go on coming, whatever becomes of the event stream. */
export function describeStreamFaults(open: Open): void {
  const frame = (name: string): string =>
    `${JSON.stringify({ Index: 7, Events: [{ Topic: "Allocation", Key: "k", FilterKeys: [name] }] })}\n`;
  test.each<readonly [string, (name: string) => readonly (string | Uint8Array)[]]>([
    ["cut in the middle of a line", (name) => [frame(name).slice(0, -3)]],
    ["cut in the middle of a name", (name) => [frame(name).slice(0, 90), frame(name).slice(90)]],
    [
      "split inside a character",
      (name) => {
        const text = Buffer.from(`{"Payload":"\u00fc"}\n${frame(name)}`);
        const at = text.indexOf(0xc3) + 1;
        return [text.subarray(0, at), text.subarray(at)];
      },
    ],
    [
      "with a line of ten megabytes",
      (name) => [`{"Payload":"${"x".repeat(10 * 1024 * 1024)}`, `"}\n${frame(name)}`],
    ],
    [
      "that says everything again, and out of order",
      (name) => [frame(name), "{}\n", frame(name).replace("7", "3")],
    ],
    ["that skips what happened", () => ["{}\n"]],
  ])("hints come from a stream %s", async (_what, pieces) => {
    const hints: Hint[] = [];
    const { proxy, config, dispatcher } = await open({ onHint: (hint) => void hints.push(hint) });
    const { attemptId } = dispatchRequest();
    const answer = pieces(jobNameOf(config.installation, attemptId));
    // The pause is longer than hints are gathered, so that the new connection's own hint comes apart.
    proxy.inject(STREAMED, { kind: "pieces", pieces: ["{}\n", ...answer], pauseMs: 400 });
    await dispatcher.start();
    const isNamed = answer.some((piece) => piece.length > 3);
    await withDeadline("the hint", WAIT_MS, async () =>
      isNamed ? hints.some((hint) => hint.includes(attemptId)) : hints.includes("any"),
    );
    // The broken stream is followed by another, which begins with a look at everything.
    const looks = async () => hints.filter((hint) => hint === "any").length > 1;
    await withDeadline("the next stream", WAIT_MS, looks, async () => proxy.calls.join("\n"));
  });

  test("a stream that falls silent is left, and hints come from another", async () => {
    const hints: Hint[] = [];
    const onHint = (hint: Hint): void => void hints.push(hint);
    const { proxy, dispatcher } = await open({ onHint, eventSilenceMs: 1_000 });
    proxy.inject(STREAMED, { kind: "silence", first: "{}\n" });
    await dispatcher.start();
    await withDeadline("the silent stream", WAIT_MS, async () => proxy.unmet() === 0);
    await withDeadline("the silent stream to be left", WAIT_MS, () => proxy.settled());
    const before = hints.length;
    const looks = async () => hints.slice(before).includes("any");
    await withDeadline("the next stream", WAIT_MS, looks, async () => proxy.calls.join("\n"));
  });

  test("hints go on after streams that end at once, break, or are refused", async () => {
    let hints = 0;
    const { proxy, dispatcher } = await open({ onHint: () => (hints += 1) });
    proxy.inject(STREAMED, { kind: "answer", status: 200, body: "" });
    proxy.inject(STREAMED, { kind: "drop" });
    proxy.inject(STREAMED, { kind: "answer", status: 500, body: "rpc error: Permission denied" });
    await dispatcher.start();
    const isStreaming = async () => proxy.calls.filter((call) => STREAMED.test(call)).length === 4;
    await withDeadline("the fourth stream", WAIT_MS, isStreaming, async () => proxy.calls.join("\n"));
    await withDeadline("a hint after an event", WAIT_MS, async () => {
      const before = hints;
      await dispatcher.dispatch(dispatchRequest("quick"));
      await withDeadline("a hint", 2_000, async () => hints > before);
    });
  });
}

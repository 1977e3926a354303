import type { Fault } from "./fault-proxy.ts";

/** Short, so that a test of a lost answer does not wait long. */
export const REQUEST_TIMEOUT_MS = 1_500;

/** When the fault is met: by the register, by what looks at a waiting attempt, by the stop, by the event stream. */
export type Moment = "dispatch" | "look" | "stop" | "stream";

export const CALLS: Readonly<Record<Moment, RegExp>> = {
  dispatch: /^POST \/v1\/jobs$/,
  look: /^GET \/v1\/jobs?/,
  stop: /^DELETE /,
  stream: /^GET \/v1\/event\/stream$/,
};

export interface CatalogueEntry {
  readonly what: string;
  /** Put before a control plane that carries a run from the plan to its end: fault-end-to-end-suite.ts, on the fake and on a real agent. */
  readonly met: readonly (readonly [Moment, Fault])[];
  /** Tests elsewhere that hold it closer by: a file below test/, and words of a title in it. */
  readonly heldBy: readonly (readonly [string, string])[];
}

const suite = (words: string) => ["support/nomad/fault-suite.ts", words] as const;
const streams = (words: string) => ["support/nomad/stream-fault-suite.ts", words] as const;
const says = (status: number, body: string): Fault => ({ kind: "answer", status, body });
const rewrite = (change: (text: string) => string): Fault => ({ kind: "rewrite", change });
const pieces = (...texts: (string | Uint8Array)[]): Fault => ({ kind: "pieces", pieces: texts, pauseMs: 50 });

const drop: Fault = { kind: "drop" };
const truncate = rewrite((text) => text.slice(0, text.length / 2));
const more = rewrite((text) => text.replaceAll("{", '{"NotYetInvented":{"a":[1]},'));
const behind: Fault = {
  kind: "rewrite",
  change: () => "[]",
  headers: { "x-nomad-knownleader": "false", "x-nomad-lastcontact": "90000" },
};
const closing: Fault = {
  kind: "answer",
  status: 429,
  body: "",
  headers: { "retry-after": "1" },
  closes: true,
};
const frame = '{"Index":7,"Events":[{"Topic":"Allocation","Key":"k","FilterKeys":["delta-"]}]}\n';
const umlaut = Buffer.from('{"Payload":"\u00fc"}\n');

/** Everything that can happen to calls between the control plane and Nomad. An entry without a test fails the suite. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    what: "the call is lost",
    met: [
      ["dispatch", drop],
      ["look", drop],
      ["stop", drop],
    ],
    heldBy: [suite("the connection breaks before the call"), suite("the call is lost")],
  },
  {
    what: "the answer is lost",
    met: [
      ["dispatch", { kind: "lose_answer" }],
      ["stop", { kind: "lose_answer" }],
    ],
    heldBy: [suite("the answer is lost"), suite("its answer is lost")],
  },
  {
    what: "the call arrives after we gave up",
    met: [
      ["dispatch", { kind: "deliver_late", afterMs: REQUEST_TIMEOUT_MS + 700 }],
      ["stop", { kind: "deliver_late", afterMs: REQUEST_TIMEOUT_MS + 700 }],
    ],
    heldBy: [suite("the call arrives after we gave up"), suite("a register that arrives after the stop")],
  },
  {
    what: "the call arrives twice at once",
    met: [
      ["dispatch", { kind: "duplicate" }],
      ["stop", { kind: "duplicate" }],
    ],
    heldBy: [suite("the register arrives twice at once")],
  },
  ...[
    "No cluster leader",
    "Not ready to serve consistent reads",
    "EOF",
    "leadership lost while committing log",
  ]
    .flatMap((text) => [text, `rpc error: ${text}`])
    .map((text) => ({
      what: `500 ${text}`,
      met: (["dispatch", "look", "stop"] as const)
        .filter((at) => at === "dispatch" || text.includes("leader"))
        .map((at) => [at, says(500, text)] as const),
      heldBy: [["nomad/nomad-error-text.test.ts", "%i %s"]] as const,
    })),
  {
    what: "500 rpc error: a name is called taken that is free",
    met: [["dispatch", says(500, "rpc error: Enforcing job modify index 0: job already exists")]],
    heldBy: [
      ["nomad/nomad-error-text.test.ts", "rpc error: Enforcing job modify index 0: job already exists"],
    ],
  },
  {
    what: "403 of a token that is being rotated",
    met: [
      ["look", says(403, "Permission denied")],
      ["look", says(500, "rpc error: ACL token not found")],
    ],
    heldBy: [suite("a refused token"), ["nomad/resilience.test.ts", "a token that another program replaces"]],
  },
  {
    what: "403 registration disabled",
    met: [["dispatch", says(403, "Job registration, dispatch, and scale are disabled")]],
    heldBy: [suite("a switch of the operators")],
  },
  {
    what: "429 with Retry-After, and the connection closed",
    met: [
      ["dispatch", closing],
      ["look", closing],
      ["stop", closing],
    ],
    heldBy: [suite("429 with Retry-After")],
  },
  {
    what: "404 that does not last",
    met: [["look", says(404, "job not found")]],
    heldBy: [suite("a job that is not found for once")],
  },
  {
    what: "a server that knows no leader answers",
    met: [["look", behind]],
    heldBy: [suite("a server that knows no leader")],
  },
  {
    what: "an index lower than the last",
    met: [["look", rewrite((text) => text.replaceAll(/"ModifyIndex":\d+/g, '"ModifyIndex":1'))]],
    heldBy: [suite("an index that goes back")],
  },
  {
    what: "an old list",
    met: [["look", rewrite((text) => (text.startsWith("[") ? "[]" : text))]],
    heldBy: [suite("an old list does not hide")],
  },
  {
    what: "JSON that is cut short",
    met: [
      ["dispatch", truncate],
      ["look", truncate],
      ["stop", truncate],
    ],
    heldBy: [suite("the answer is cut short"), suite("a list that cannot be read")],
  },
  {
    what: "fields that we do not know",
    met: [
      ["dispatch", more],
      ["look", more],
      ["stop", more],
    ],
    heldBy: [suite("answers with fields that we do not know")],
  },
  {
    what: "an answer that drips",
    met: [
      ["dispatch", { kind: "trickle", pauseMs: 300 }],
      ["look", { kind: "trickle", pauseMs: 300 }],
    ],
    heldBy: [suite("the answer drips"), suite("a list that drips")],
  },
  {
    what: "cut in the middle of a line",
    met: [["stream", pieces("{}\n", frame.slice(0, -9))]],
    heldBy: [streams("cut in the middle of a line"), streams("cut in the middle of a name")],
  },
  {
    what: "split inside a character",
    met: [["stream", pieces("{}\n", umlaut.subarray(0, 13), umlaut.subarray(13))]],
    heldBy: [streams("split inside a character")],
  },
  {
    what: "without a heartbeat",
    met: [["stream", { kind: "silence", first: "{}\n" }]],
    heldBy: [streams("a stream that falls silent")],
  },
  {
    what: "that skips what happened",
    met: [["stream", pieces("{}\n", "{}\n")]],
    heldBy: [streams("that skips what happened")],
  },
  {
    what: "that says old things again",
    met: [["stream", pieces("{}\n", frame, frame, frame.replace("7", "3"))]],
    heldBy: [streams("that says everything again, and out of order")],
  },
  {
    what: "with a line of ten megabytes",
    met: [["stream", pieces(`{"Payload":"${"x".repeat(10 * 1024 * 1024)}`, `"}\n`)]],
    heldBy: [streams("with a line of ten megabytes")],
  },
  {
    what: "that ends at once",
    met: [["stream", says(200, "")]],
    heldBy: [streams("streams that end at once, break, or are refused")],
  },
  {
    what: "clocks differ at the check of an identity",
    met: [],
    heldBy: [
      ["nomad/identity.test.ts", "of a clock that differs"],
      ["nomad-agent/control-plane.test.ts", "the control plane's clock is behind"],
    ],
  },
];

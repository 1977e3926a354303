import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_FLAGS, eventFlags, eventFromFlags, parseEventFlags } from "../../compiler/event-flags.ts";
import type { PipelineEvent } from "../../schemas/event.ts";

const text = fc.oneof(
  fc.string(),
  fc.constantFrom("", "-x", "--ref", "a=b", '"q"', "true", "12", " ", "\n", "$(id)"),
);
const inputs = fc.dictionary(
  text.filter((name) => name !== "__proto__"),
  fc.oneof(
    text,
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  ),
  { noNullPrototype: true },
);
const pullRequest = fc.record({
  number: fc.nat(),
  action: text,
  target_ref: text,
  target_sha: text,
  source_ref: text,
  from_fork: fc.boolean(),
  draft: fc.boolean(),
});
const event: fc.Arbitrary<PipelineEvent> = fc.record({
  kind: fc.constantFrom("push", "pull_request", "manual", "schedule", "api"),
  ref: text,
  default_branch: fc.option(text),
  head: text,
  before: fc.option(text),
  forced: fc.boolean(),
  deleted: fc.boolean(),
  pull_request: fc.option(pullRequest),
  trust: fc.constantFrom("trusted", "fork"),
  inputs,
});

function readBack(args: readonly string[]): PipelineEvent | string {
  const flags = parseEventFlags(args);
  return typeof flags === "string" ? flags : eventFromFlags(flags);
}

test("an event survives the way through its flags exactly", () => {
  fc.assert(
    fc.property(event, (event) => {
      expect(readBack(eventFlags(event))).toEqual(event);
    }),
    { numRuns: 2_000 },
  );
});

test("a push reads as a person would write it", () => {
  const push: PipelineEvent = {
    kind: "push",
    ref: "refs/heads/main",
    default_branch: "main",
    head: "abc",
    before: null,
    forced: false,
    deleted: false,
    pull_request: null,
    trust: "trusted",
    inputs: { level: 3, name: "x", flag: "true" },
  };
  expect(eventFlags(push).join(" ")).toBe(
    '--head abc --event push --ref refs/heads/main --default-branch main --input level=3 --input name=x --input flag="true"',
  );
});

test("every flag has its help", () => {
  for (const [name, { help }] of Object.entries(EVENT_FLAGS)) expect(help, name).not.toBe("");
});

describe("what is wrong is said in a sentence", () => {
  test.each([
    [["--colour", "red"], "--colour is not a flag of an event"],
    [["--ref"], "--ref needs a value"],
    [["--event", "push"], "--event needs --head and --ref beside it"],
    [["--event", "pull", "--head", "a", "--ref", "b"], "--event is one of"],
    [["--event", "push", "--head", "a", "--ref", "b", "--pr", "1"], "a pull request also needs --pr-action"],
    [["--event", "push", "--head", "a", "--ref", "b", "--input", "x"], "--input is name=value"],
    [["--event", "push", "--head", "a", "--ref", "b", "--trust", "full"], "--trust is trusted or fork"],
  ])("%j", (args, sentence) => {
    expect(readBack(args)).toContain(sentence);
  });
});

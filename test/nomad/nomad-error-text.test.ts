import { describe, expect, test } from "vitest";
import { nomadErrorFromAnswer, retryAfterToMs } from "../../nomad/nomad-error-text.ts";
import type { NomadFailure } from "../../nomad/nomad-error.ts";

describe("the class of a refusal is read from its text", () => {
  test.each<readonly [number, string, NomadFailure]>([
    [500, "Enforcing job modify index 0: job already exists", "exists"],
    [500, "rpc error: Enforcing job modify index 0: job already exists", "exists"],
    [500, "No cluster leader", "unavailable"],
    [500, "rpc error: Not ready to serve consistent reads", "unavailable"],
    [500, "rpc error: EOF", "unavailable"],
    [502, "", "unavailable"],
    [500, "something nobody has ever read", "unavailable"],
    [500, "1 error occurred:\n\t* Task group attempt validation failed", "invalid"],
    [500, 'job "x" is in nonexistent node pool "gpu"', "invalid"],
    [500, 'job "x" is in nonexistent namespace "ci"', "invalid"],
    [400, "Job must be specified", "invalid"],
    [403, "Permission denied", "denied"],
    [500, "rpc error: Permission denied", "denied"],
    [403, "ACL token not found", "denied"],
    [500, "ACL token expired", "denied"],
    [403, "Job registration, dispatch, and scale are disabled", "disabled"],
    [404, "job not found", "not_found"],
    [429, "", "busy"],
  ])("%i %s", (status, body, failure) => {
    expect(nomadErrorFromAnswer("POST /jobs", status, body, null).failure).toBe(failure);
  });

  test("the message names the call, the status and the text, and not more than a screen of it", () => {
    const { message } = nomadErrorFromAnswer("POST /jobs", 500, "x".repeat(5_000), null);
    expect(message).toMatch(/^POST \/jobs: Nomad answered 500: x+$/);
    expect(message.length).toBeLessThan(700);
  });
});

test.each([
  ["7", 7_000],
  ["0", 0],
  ["86400", 60_000],
  ["Sun, 22 Nov 2026 15:00:00 GMT", null],
  ["-1", null],
  [null, null],
])("Retry-After %j is %j ms", (header, expected) => {
  expect(retryAfterToMs(header)).toBe(expected);
});

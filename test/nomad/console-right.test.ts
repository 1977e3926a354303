import { expect, test } from "vitest";
import type { Fault } from "../support/nomad/fault-proxy.ts";
import { diagnoseMachines, type Situation } from "../support/nomad/machine-doctor.ts";

const TOKEN = /^GET \/v1\/acl\/token\/self$/;
const POLICY = /^GET \/v1\/acl\/policy\/delta$/;
const answered = (value: object): Fault => ({ kind: "answer", status: 200, body: JSON.stringify(value) });
const token = answered({ Type: "client", Policies: ["delta"], Roles: null });
const namespaces = (rules: Readonly<Record<string, readonly string[]>>): Fault => {
  const Namespaces = Object.entries(rules).map(([Name, Capabilities]) => ({ Name, Capabilities }));
  return answered({ RulesJSON: { Namespaces } });
};

test.each<readonly [string, "bad" | "note", RegExp, Situation]>([
  [
    "no right to read logs",
    "note",
    /^denied: /,
    {
      faults: [
        [TOKEN, token],
        [POLICY, namespaces({ default: ["read-job"], "*": ["read-logs"] })],
      ],
    },
  ],
  [
    "a right that is taken away again",
    "note",
    /^denied: /,
    {
      faults: [
        [TOKEN, token],
        [POLICY, namespaces({ default: ["deny"] })],
      ],
    },
  ],
  [
    "a token that has ended",
    "bad",
    /ACL token not found/,
    { faults: [[TOKEN, { kind: "answer", status: 403, body: "ACL token not found" }]] },
  ],
])("%s is told with what to do", async (_what, state, pattern, situation) => {
  const finding = (await diagnoseMachines(situation)).get("read-logs");
  expect(finding).toMatchObject({ state, found: expect.stringMatching(pattern) });
  expect(finding?.advice).toMatch(/\.$/);
});

test.each<readonly [string, readonly (readonly [RegExp, Fault])[]]>([
  [
    "by the namespace's name",
    [
      [TOKEN, token],
      [POLICY, namespaces({ default: ["read-logs"], "d*": ["deny"] })],
    ],
  ],
  [
    "by a pattern",
    [
      [TOKEN, token],
      [POLICY, namespaces({ "def*": ["read-logs"], "*": [] })],
    ],
  ],
  [
    "by a role",
    [
      [TOKEN, answered({ Type: "client", Policies: null, Roles: [{ ID: "r1", Name: "ci" }] })],
      [/^GET \/v1\/acl\/role\/r1$/, answered({ Policies: [{ Name: "delta" }] })],
      [POLICY, namespaces({ default: ["read-logs"] })],
    ],
  ],
  ["by a management token", [[TOKEN, answered({ Type: "management", Policies: null, Roles: null })]]],
])("the right to read logs is seen where it is granted %s", async (_how, faults) => {
  expect((await diagnoseMachines({ faults })).get("read-logs")).toMatchObject({
    state: "ok",
    found: "granted",
  });
});

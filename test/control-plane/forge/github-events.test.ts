import { describe, expect, test } from "vitest";
import { readGitHubEvent } from "../../../control-plane/forge/github/read-event.ts";
import { deliveryIdentity, signatureHolds } from "../../../control-plane/forge/github/signature.ts";
import {
  pullRequestDelivery,
  pushDelivery,
  rerequestDelivery,
  signature,
  type Delivery,
} from "../../support/github/deliveries.ts";

const repository = {
  id: 12,
  fullName: "ada/engine",
  path: "/nowhere",
  defaultBranch: "main",
  installationId: 34,
};
const url = "https://forge.example";
const [A, B] = ["a".repeat(40), "b".repeat(40)];

function read(delivery: Delivery) {
  return readGitHubEvent(delivery.event, JSON.parse(delivery.body));
}

function eventOf(delivery: Delivery) {
  const reading = read(delivery);
  if (reading.kind !== "event") {
    throw new Error(JSON.stringify(reading));
  }
  return reading.event;
}

describe("push", () => {
  test("a push to a branch is an event of its head, with what the ref was before", () => {
    const reading = read(pushDelivery(repository, url, { before: A, after: B, forced: true }));
    expect(reading).toEqual({
      kind: "event",
      repository: {
        forgeId: "12",
        fullName: "ada/engine",
        cloneUrl: "https://forge.example/ada/engine.git",
        defaultBranch: "main",
        installationId: "34",
      },
      event: {
        kind: "push",
        ref: "refs/heads/main",
        default_branch: "main",
        head: B,
        before: A,
        forced: true,
        deleted: false,
        pull_request: null,
        trust: "trusted",
        inputs: {},
      },
    });
  });

  test("an all-zero before is no commit", () => {
    expect(eventOf(pushDelivery(repository, url, { before: null, after: B })).before).toBeNull();
  });

  test("a deleted branch starts nothing", () => {
    expect(read(pushDelivery(repository, url, { before: A, after: null }))).toEqual({
      kind: "ignored",
      why: "refs/heads/main was deleted",
    });
  });

  test("an annotated tag is an event of the commit it names, not of the tag object", () => {
    const delivery = pushDelivery(repository, url, { ref: "refs/tags/v1", after: A });
    const body = { ...(JSON.parse(delivery.body) as object), after: B };
    expect(eventOf({ ...delivery, body: JSON.stringify(body) })).toMatchObject({
      ref: "refs/tags/v1",
      head: A,
    });
  });

  test.each(["refs/heads/$(id)", "refs/heads/--upload-pack=x", "refs/heads/ünï"])(
    "ref %s is kept as it is",
    (ref) => {
      expect(eventOf(pushDelivery(repository, url, { ref, after: A })).ref).toBe(ref);
    },
  );

  test.each(["refs/heads/a\nb", "refs/heads/a b", "", "x".repeat(1_025)])("ref %j is malformed", (ref) => {
    expect(read(pushDelivery(repository, url, { ref, after: A })).kind).toBe("malformed");
  });

  test("a clone address that is not HTTP is malformed", () => {
    const delivery = pushDelivery(repository, "ext::sh -c id", { after: A });
    expect(read(delivery)).toMatchObject({ kind: "malformed", why: expect.stringContaining("clone_url") });
  });
});

describe("pull_request", () => {
  test("a pull request from a branch of the same repository is trusted", () => {
    const event = eventOf(pullRequestDelivery(repository, url, { head: B, base: A, number: 7 }));
    expect(event).toMatchObject({ kind: "pull_request", ref: "refs/pull/7/head", head: B, trust: "trusted" });
    expect(event.pull_request).toEqual({
      number: 7,
      action: "opened",
      target_ref: "refs/heads/main",
      target_sha: A,
      source_ref: "refs/heads/change",
      from_fork: false,
      draft: false,
    });
  });

  test.each([
    ["another repository", 99],
    ["a fork that was deleted", null],
  ])("a change from %s is of the fork class", (_name, sourceRepositoryId) => {
    const event = eventOf(pullRequestDelivery(repository, url, { head: B, base: A, sourceRepositoryId }));
    expect(event.trust).toBe("fork");
    expect(event.pull_request?.from_fork).toBe(true);
  });

  test("names of people and repositories change nothing about trust", () => {
    const delivery = pullRequestDelivery(repository, url, { head: B, base: A, sourceRepositoryId: 99 });
    const body = JSON.parse(delivery.body) as { pull_request: { head: { repo: { full_name: string } } } };
    body.pull_request.head.repo.full_name = repository.fullName;
    expect(eventOf({ ...delivery, body: JSON.stringify(body) }).trust).toBe("fork");
  });

  test.each(["opened", "synchronize", "reopened", "ready_for_review", "edited"])(
    "%s starts a run",
    (action) => {
      expect(read(pullRequestDelivery(repository, url, { head: B, base: A, action })).kind).toBe("event");
    },
  );

  test.each(["closed", "labeled", "assigned"])("%s starts nothing", (action) => {
    expect(read(pullRequestDelivery(repository, url, { head: B, base: A, action })).kind).toBe("ignored");
  });

  test("an edited title starts nothing", () => {
    const delivery = pullRequestDelivery(repository, url, { head: B, base: A, action: "edited" });
    const body = { ...(JSON.parse(delivery.body) as object), changes: { title: { from: "x" } } };
    expect(read({ ...delivery, body: JSON.stringify(body) }).kind).toBe("ignored");
  });
});

describe("rerequested checks", () => {
  test("one check names the check, a suite its commit", () => {
    expect(read(rerequestDelivery(repository, url, { headSha: A, externalId: "c1" }))).toMatchObject({
      kind: "rerun",
      head: A,
      externalId: "c1",
    });
    expect(read(rerequestDelivery(repository, url, { headSha: A, externalId: null }))).toMatchObject({
      kind: "rerun",
      head: A,
      externalId: null,
    });
  });
});

test.each(["ping", "installation", "issues"])("%s starts nothing", (event) => {
  expect(readGitHubEvent(event, {}).kind).toBe("ignored");
});

test.each([null, [], 7, "x", {}])("the body %j is malformed", (body) => {
  expect(readGitHubEvent("push", body).kind).toBe("malformed");
});

describe("signatures", () => {
  const secret = "s3cret";
  const body = Buffer.from('{ "a":1}');
  const right = signature(secret, body);
  const holds = (header: string | string[] | undefined, bytes = body) =>
    signatureHolds(secret, bytes, { "x-hub-signature-256": header });

  test("the right signature over the raw bytes holds", () => {
    expect(holds(right)).toBe(true);
  });

  test.each([
    ["none", undefined],
    ["sha1 alone", right.replace("sha256", "sha1")],
    ["a truncated one", right.slice(0, -2)],
    ["upper case", right.toUpperCase()],
    ["two of them", [right, right]],
    ["one of another secret", signature("other", body)],
  ])("%s does not hold", (_name, header) => {
    expect(holds(header)).toBe(false);
  });

  test("a signature over the same JSON written otherwise does not hold", () => {
    expect(holds(right, Buffer.from('{"a":1}'))).toBe(false);
  });
});

test("a delivery without a key or an event name has no identity", () => {
  const headers = { "x-github-delivery": "d-1", "x-github-event": "push" };
  expect(deliveryIdentity(headers)).toEqual({ key: "d-1", eventName: "push" });
  expect(deliveryIdentity({ ...headers, "x-github-delivery": undefined })).toBeNull();
  expect(deliveryIdentity({ ...headers, "x-github-delivery": ["a", "b"] })).toBeNull();
  expect(deliveryIdentity({ ...headers, "x-github-event": "../x" })).toBeNull();
});

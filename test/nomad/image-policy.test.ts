import { describe, expect, test } from "vitest";
import { chooseImage, type ImagePolicy } from "../../nomad/profiles/image-policy.ts";

const policy: ImagePolicy = {
  defaultImage: "registry.example/ci/base:2",
  allowed: ["docker.io/library/", "registry.example:5000/team/app"],
  requireDigest: false,
};
const digest = `sha256:${"a".repeat(64)}`;

describe("the image of a job", () => {
  test("is the pool's own when the job names none", () => {
    expect(chooseImage(policy, null, "fork")).toEqual({
      ok: true,
      image: policy.defaultImage,
      isPinned: false,
    });
    expect(chooseImage({ ...policy, defaultImage: null }, null, "trusted").ok).toBe(false);
  });

  test.each([
    "docker.io/library/node:24",
    "docker.io/library/node",
    `docker.io/library/node@${digest}`,
    `registry.example:5000/team/app:1@${digest}`,
  ])("%s may be used", (image) => {
    expect(chooseImage(policy, image, "trusted")).toMatchObject({ ok: true, image });
  });

  test.each([
    ["another repository", "registry.example:5000/team/app2:1"],
    ["a repository that only begins alike", "docker.io/library"],
    ["a variable of Nomad's", "docker.io/library/${NOMAD_SECRETS_DIR}"],
    ["a scheme", "https://docker.io/library/node"],
    ["a path upwards", "docker.io/other/../library/node"],
    ["a space", "docker.io/library/node 24"],
    ["a line break", "docker.io/library/node\n"],
    ["a short digest", "docker.io/library/node@sha256:abc"],
    ["nothing", ""],
  ])("%s is refused", (_what, image) => {
    expect(chooseImage(policy, image, "trusted").ok).toBe(false);
  });

  test("forks, and pools that want it, must name a digest", () => {
    expect(chooseImage(policy, "docker.io/library/node:24", "fork")).toMatchObject({
      ok: false,
      refusal: expect.stringContaining("digest"),
    });
    expect(chooseImage({ ...policy, requireDigest: true }, "docker.io/library/node:24", "trusted").ok).toBe(
      false,
    );
    expect(chooseImage(policy, `docker.io/library/node@${digest}`, "fork")).toMatchObject({
      ok: true,
      isPinned: true,
    });
  });
});

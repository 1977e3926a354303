import { describe, expect, test } from "vitest";
import { runsApiWorld } from "../../support/runs-api-world.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

describe("local runs", () => {
  async function local() {
    const made = await runsApiWorld();
    const repository = new ScratchRepository();
    const head = repository.commit({ "a.txt": "1" });
    const body = {
      repository_path: repository.path,
      head,
      base: null,
      ref: "refs/heads/main",
      default_branch: "main",
      jobs: [],
      all: false,
    };
    return { ...made, repository, head, body };
  }

  test("start as a run of the repository in that folder", async () => {
    const { post, body, head, database } = await local();
    const answer = await post("/api/v1/runs", body);
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      state: "created",
      head,
      event: { kind: "push", ref: "refs/heads/main", head, before: null, trust: "trusted" },
    });
    await post("/api/v1/runs", body);
    expect(await database`select number from delta.runs order by number`).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });

  test.each([
    ["a relative path", { repository_path: "x" }],
    ["a path with ..", { repository_path: "/tmp/../etc" }],
    ["a path that is no folder", { repository_path: "/nonexistent-folder" }],
    ["a folder that is no repository", { repository_path: "/proc" }],
    ["a commit that is not there", { head: "1".repeat(40), ref: "refs/heads/main" }],
    ["a base that is not there", { base: "1".repeat(40) }],
    ["a short commit", { head: "abc" }],
    ["a ref that is an option", { ref: "--upload-pack=x" }],
    ["a ref with a newline", { ref: "refs/heads/a\nb" }],
    ["an unknown field", { extra: 1 }],
    ["jobs that are no list", { jobs: "build" }],
  ])("%s is 400 and starts nothing", async (_name, change) => {
    const { post, body, database } = await local();
    const answer = await post("/api/v1/runs", { ...body, ...change });
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toMatch(/^body: /);
    expect(await database`select 1 from delta.runs`).toHaveLength(0);
  });

  test("are refused to those who come through a proxy, and where they are switched off", async () => {
    const { post, body } = await local();
    expect((await post("/api/v1/runs", body, { "x-forwarded-for": "10.0.0.1" })).status).toBe(403);
    const off = await runsApiWorld(false);
    expect((await off.post("/api/v1/runs", body)).status).toBe(403);
  });
});

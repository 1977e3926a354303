import { execFileSync } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { browserWorld } from "./support/browser-world.ts";

const PIPELINE = `version: 1
jobs:
  build:
    artifacts:
      - { name: dist, path: "dist/**" }
      - { name: tests, path: reports, type: junit }
      - { name: nothing, path: none }
    steps: ["mkdir dist reports; echo built > dist/app.txt; echo '<x/>' > reports/a.xml; head -c 3000000 /dev/urandom > dist/data"]
  ship:
    needs: [{ job: build, artifacts: dist }]
    steps: [cat dist/app.txt]
`;

describe.runIf(inject("browserProgram") !== null)("artifacts on the page of a run", () => {
  test("are listed once they are whole, and downloaded as files", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run({ ".delta/pipeline.yaml": PIPELINE });
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    expect((await world.ended(id)).state).toBe("succeeded");
    const list = page.locator("ul.artifacts");
    await page.locator("#run-title").getByText("succeeded").waitFor();
    await page.locator("details.job > summary").first().click();
    expect(await list.locator("li").count()).toBe(2);
    expect(await list.innerText()).toMatch(/tests\.tar\.gz\s+junit\s+1 file/);
    const downloading = page.waitForEvent("download");
    await list.getByRole("link", { name: "dist.tar.gz" }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("build-dist.tar.gz");
    const names = execFileSync("tar", ["-tzf", await download.path()], { encoding: "utf8" });
    expect(
      names
        .split("\n")
        .filter((name) => name !== "")
        .toSorted(),
    ).toContain("dist/app.txt");
    expect(complaints).toEqual([]);
  });
});

import { describe, expect, inject, test } from "vitest";
import { pipelineOf, SHOP } from "../e2e/support/shop.ts";
import { browserWorld, waitFor } from "./support/browser-world.ts";

const PHONE = { viewport: { width: 360, height: 740 } };

describe.runIf(inject("browserProgram") !== null)("the pages", () => {
  test("say why a job was left out, and lead to what decided it", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run(SHOP, { "packages/prices/list.txt": "tea 4\n" });
    await world.ended(id);
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    const search = page.locator("details.job", { has: page.locator("summary .name", { hasText: "search" }) });
    expect(await search.locator("> summary").innerText()).toMatch(
      /skipped[\s\S]*nothing that changed affects search/,
    );

    await search.locator("> summary").press("Enter");
    await search.getByRole("link", { name: "What decided this" }).press("Enter");
    const decision = page.locator(".decision-item[open]");
    expect(await decision.innerText()).toMatch(/decided by\s+components, .delta\/pipeline.yaml:\d+:\d+/);

    // The graph leads to a job too: basket needs prices.
    await page.locator("#graph").getByRole("link", { name: "basket: succeeded" }).press("Enter");
    await page.locator("details.job[open] > summary > .name", { hasText: "basket" }).waitFor();
    expect(await page.locator("#graph .edge").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("tell every error of a pipeline, with its place", async () => {
    const world = await browserWorld();
    const broken =
      "version: 1\nname: x\njobs:\n  a:\n    step: [make]\n    needs: [b]\n  b:\n    needs: [a]\n    steps: [make]\n";
    const { id, url } = await world.run({ ".delta/pipeline.yaml": broken });
    await world.ended(id);
    const { page } = await world.signedIn();
    await page.goto(url);
    const items = await page.locator(".diagnostics li.error").allInnerTexts();
    expect(items).toHaveLength(2);
    expect(items[0]).toMatch(/DC1101 \.delta\/pipeline\.yaml:5:5[\s\S]*did you mean steps\?/);
  });

  test("can be read without scripts, down to the logs, and their buttons work", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run(pipelineOf([`echo begun; ${waitFor(world.gate)}; echo to the end`]));
    const { page } = await world.signedIn({ javaScriptEnabled: false });
    await page.goto(`${world.plane.url}/runs`);
    await page.locator(".runs a").click();
    await page.waitForURL(url);
    world.release();
    await world.ended(id);
    await page.goto(url);
    expect(await page.locator("#run-title").innerText()).toContain("succeeded");
    await page.locator("details.job > summary").click();
    await page.locator("details.log > summary").last().click();
    await page.locator("details.log").last().getByRole("link", { name: "Log as plain text" }).click();
    expect(await page.locator("body").innerText()).toContain("to the end");

    await page.goto(url);
    await page.getByRole("button", { name: "Run again" }).click();
    await page.waitForURL((to) => to.href !== url);
  });

  test("list a new run while they are looked at, and fit a phone, in both schemes", async () => {
    const world = await browserWorld();
    const { page, complaints } = await world.signedIn({ ...PHONE, colorScheme: "dark" });
    await page.getByText("There are no runs yet.").waitFor();
    const name = "a".repeat(120);
    const { id, url } = await world.run({
      ".delta/pipeline.yaml": `version: 1\njobs:\n  ${"x".repeat(60)}:\n    steps: [{ name: ${name}, run: exit 1 }]\n`,
    });
    await page.locator(".runs a").waitFor();
    await world.ended(id);
    for (const to of [`${world.plane.url}/runs`, url, `${world.plane.url}/login`]) {
      await page.goto(to);
      const background = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      await page.emulateMedia({ colorScheme: "dark" });
      const dark = await background();
      await page.emulateMedia({ colorScheme: "light" });
      expect(await background()).not.toBe(dark);
      const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      expect(overflow, to).toBeLessThanOrEqual(0);
    }
    expect(complaints).toEqual([]);
  });

  test("ask for the token, refuse another, and lead on to the run that was asked for", async () => {
    const world = await browserWorld();
    const { url } = await world.run(pipelineOf(["true"]));
    const { page } = await world.open();
    await page.goto(url);
    await page.getByLabel("API token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("API token").fill(world.plane.apiToken);
    await page.keyboard.press("Enter");
    await page.waitForURL(url);
    expect(await page.evaluate<string>("document.cookie")).toBe("");

    await page.goto(`${world.plane.url}/runs/00000000-0000-4000-8000-000000000000`);
    expect(await page.getByRole("heading").innerText()).toBe("Not found");
  });
});

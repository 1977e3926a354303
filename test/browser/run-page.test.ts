import { describe, expect, inject, test } from "vitest";
import { pipelineOf } from "../e2e/support/shop.ts";
import { processesOf } from "../support/job-processes.ts";
import { browserWorld, waitFor } from "./support/browser-world.ts";

const ESCAPE = "\\033";

describe.runIf(inject("browserProgram") !== null)("the page of a run", () => {
  test("shows a log as it is written, and the end of the run, without being loaded again", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run(
      pipelineOf(["echo before the gate", `echo first line; ${waitFor(world.gate)}; echo last line`]),
    );
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    let loads = 0;
    page.on("framenavigated", () => loads++);

    const log = page.locator("details.log[data-state=running] > pre");
    await log.getByText("first line").waitFor();
    await page.getByRole("button", { name: "Cancel run" }).waitFor();
    world.release();
    await page.locator("#run-title").getByText("succeeded").waitFor();
    await page.getByRole("button", { name: "Run again" }).waitFor();

    // The steps fold themselves when they end well; nobody has touched them.
    const step = page.locator("details.log[data-state=succeeded]").nth(1);
    await page.locator("details.job > summary").click();
    await step.locator("> summary").click();
    await step.getByText("last line").waitFor();
    await world.ended(id);
    expect(loads).toBe(0);
    expect(await page.title()).toContain("succeeded");
    expect(complaints).toEqual([]);
  });

  test("keeps to the end of a log until the reader scrolls away, and again when asked to", async () => {
    const world = await browserWorld();
    const step = `i=0; while [ ! -e '${world.gate}' ]; do i=$((i+1)); echo line $i; sleep 0.02; done`;
    const { id, url } = await world.run(pipelineOf([step]));
    const { page } = await world.signedIn();
    await page.goto(url);
    const log = page.locator("details.log[data-state=running]");
    const output = log.locator("> pre");
    const gap = () =>
      output.evaluate(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight);
    const lines = () => output.locator("> div").count();
    await log.getByText("line 60", { exact: true }).waitFor();
    const follow = log.getByRole("button", { name: "Follow" });
    await expect.poll(gap).toBeLessThan(40);

    await output.evaluate((element) => element.scrollTo(0, 0));
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    const seen = await lines();
    await expect.poll(lines).toBeGreaterThan(seen + 10);
    expect(await output.evaluate(({ scrollTop }) => scrollTop)).toBeLessThan(5);

    await follow.press("Enter");
    expect(await follow.getAttribute("aria-pressed")).toBe("true");
    await expect.poll(gap).toBeLessThan(40);

    // Lines may come before the browser has told the page of the scrolling: here it never does.
    await output.evaluate((element) => {
      element.addEventListener("scroll", (event: Event) => event.stopImmediatePropagation(), {
        capture: true,
      });
      element.scrollTo(0, 0);
    });
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    expect(await output.evaluate(({ scrollTop }) => scrollTop)).toBeLessThan(5);
    world.release();
    await world.ended(id);
  });

  test("reads a growing log in short answers, and keeps a step unfolded that the reader has touched", async () => {
    const world = await browserWorld();
    const { url } = await world.run(pipelineOf([`echo begun; ${waitFor(world.gate)}; echo done`]));
    const { page } = await world.signedIn();
    const answered: string[] = [];
    page.on("requestfinished", (request) => void answered.push(request.url()));
    await page.goto(url);
    const output = page.locator("details.log > pre", { hasText: "begun" });
    await output.click();
    // An answer that is held open takes one of the six connections that a browser has for a server.
    const logs = () => answered.filter((to) => to.includes("/logs/")).length;
    await expect.poll(logs, { timeout: 20_000 }).toBeGreaterThan(2);
    world.release();
    await page.locator("#run-title").getByText("succeeded").waitFor();
    await output.getByText("done", { exact: true }).waitFor();
  });

  test("says when the server is away", async () => {
    const world = await browserWorld();
    const { url } = await world.run(pipelineOf([waitFor(world.gate)]));
    const { page } = await world.signedIn();
    await page.goto(url);
    await page.locator("#run-title").getByText("running").waitFor();
    world.release();
    await world.plane.stop();
    await page.getByRole("status").getByText("The connection is lost").waitFor();
  });

  test("cancels the run by its button, and the job's process with it", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run(pipelineOf(["echo begun; sleep 600"]));
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    await page.locator("details.log > pre").getByText("begun").waitFor();
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.locator("#run-title").getByText("canceled", { exact: true }).waitFor();
    const ended = await world.ended(id);
    expect(ended.state).toBe("canceled");
    const attempt = ended.jobs[0]?.attempts[0]?.id ?? "";
    expect(attempt).not.toBe("");
    await expect.poll(() => processesOf(attempt), { timeout: 20_000 }).toEqual([]);
    expect(page.url()).toBe(url);
    expect(complaints).toEqual([]);
  });

  test("leads from a run that failed to the new one that repeats it", async () => {
    const world = await browserWorld();
    const { id, url } = await world.run(pipelineOf(["echo this went wrong; exit 3"]));
    await world.ended(id);
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    // What failed is unfolded.
    await page.locator("details.log[data-state=failed] > pre").getByText("this went wrong").waitFor();
    expect(await page.locator("details.log[data-state=failed] > summary").innerText()).toContain("exit 3");

    await page.getByRole("button", { name: "Run again" }).click();
    await page.waitForURL((to) => to.href !== url);
    const again = page.url().split("/").at(-1) ?? "";
    expect((await world.ended(again)).rerun_of).toBe(id);
    await page.getByRole("link", { name: "an earlier run" }).click();
    await page.waitForURL(url);
    expect(complaints).toEqual([]);
  });

  test("takes a log that is an attack for text", async () => {
    const world = await browserWorld();
    const attack = `<img src=x onerror="document.title=9"><script>document.title=9</script>\u202e`;
    const { id, url } = await world.run(
      pipelineOf([
        `printf '%s\\n' '${attack}'`,
        `printf '${ESCAPE}[31mred${ESCAPE}[0m ${ESCAPE}]0;title${ESCAPE}\\\\ ${ESCAPE}]8;;https://evil.example/${ESCAPE}\\\\link ${ESCAPE}[2J\\n'; exit 1`,
      ]),
    );
    await world.ended(id);
    const { page, complaints } = await world.signedIn();
    await page.goto(url);
    await page.locator("details.log[data-state=succeeded] > summary").click();
    const output = page.locator("details.log[data-state=succeeded] > pre");
    await output.getByText("onerror").waitFor();
    expect(await output.innerText()).toContain("\\u202e");
    expect(await page.locator("pre img, pre script, pre a").count()).toBe(0);
    const second = page.locator("details.log[data-state=failed] > pre");
    expect(await second.locator(".fg-red").innerText()).toBe("red");
    expect(await second.innerText()).toContain("\u241b]8;;https://evil.example/");
    expect(await page.title()).toContain("failed");
    expect(complaints).toEqual([]);
  });
});

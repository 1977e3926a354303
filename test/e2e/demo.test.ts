import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { environment, finished, ROOT } from "../cli/support/delta.ts";
import { processesOf, whenItSays } from "../cli/support/processes.ts";
import { temporaryFolder } from "../cli/support/repository.ts";

/** The demo with its temporary files in a folder of the test's own, where what it leaves can be seen. */
function startDemo(temporary: string): ChildProcess {
  return spawn(process.execPath, [join(ROOT, "test", "demo", "demo.ts")], {
    cwd: ROOT,
    env: environment({ TMPDIR: temporary }),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe("npm run demo", { timeout: 180_000 }, () => {
  test("runs everything, then only what changed, shows the check, and leaves nothing", async () => {
    const temporary = temporaryFolder();
    const { code, stdout, stderr } = await finished(startDemo(temporary));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const [, first = "", second = "", checks = ""] = stdout.split(/▸ (?=First push|Second push|What GitHub)/);
    expect(first.match(/✓ succeeded/g)).toHaveLength(5);
    expect(second.match(/✓ succeeded +(prices|checkout)/g)).toHaveLength(2);
    expect(second.match(/– skipped +(search|mail|docs)/g)).toHaveLength(3);
    expect(checks).toMatch(/success +delta .*2 succeeded, 3 skipped/);
    expect(checks).toContain("| skip | `search` | nothing that changed affects `@shop/search` |");
    expect(readdirSync(temporary)).toEqual([]);
    expect(await processesOf(temporary)).toEqual([]);
  });

  test("Ctrl-C in the middle stops everything and removes the folder", async () => {
    const temporary = temporaryFolder();
    const demo = startDemo(temporary);
    const result = finished(demo);
    let said = "";
    demo.stdout?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    await whenItSays(() => said, "signed webhook delivered");
    demo.kill("SIGINT");
    const { code, stdout } = await result;
    expect({ code, stdout }).toMatchObject({ code: 130 });
    expect(readdirSync(temporary)).toEqual([]);
    expect(await processesOf(temporary)).toEqual([]);
  });
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { expect, inject, onTestFinished, vi } from "vitest";
import { readConfig, startControlPlane, type ControlPlane } from "../../../control-plane/main.ts";
import type { RunView } from "../../../schemas/api.ts";
import { apiCaller } from "../../support/api-caller.ts";
import { createTestDatabase } from "../../support/database.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const WAIT = { timeout: 60_000, interval: 50 };
/** Nothing of the browser's own goes out to the network, and nothing needs a screen. */
const BROWSER_ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

export interface BrowserWorld {
  readonly plane: ControlPlane;
  /** A file that steps can wait for; `release` makes it. */
  readonly gate: string;
  release(): void;
  /** Starts a run of a repository with these files; `change` is a second commit on top, and then the base is the first. */
  run(
    files: Readonly<Record<string, string>>,
    change?: Readonly<Record<string, string>>,
  ): Promise<{ readonly id: string; readonly url: string }>;
  view(id: string): Promise<RunView>;
  ended(id: string): Promise<RunView>;
  /** A page of a browser of its own; what it complains about is in `complaints`. */
  open(options?: BrowserContextOptions): Promise<{ page: Page; complaints: readonly string[] }>;
  /** The same, signed in by the link that the CLI prints. */
  signedIn(options?: BrowserContextOptions): Promise<{ page: Page; complaints: readonly string[] }>;
}

/** A control plane with real local runners, and browsers to look at it with. */
export async function browserWorld(): Promise<BrowserWorld> {
  const folder = mkdtempSync(join(tmpdir(), "delta-browser-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const { settings } = await createTestDatabase();
  const overrides = { database: settings, port: 0, logLevel: "silent" } as const;
  const plane = await startControlPlane(readConfig({ DELTA_STATE_DIR: join(folder, "state") }, overrides));
  onTestFinished(() => plane.stop());
  const gate = join(folder, "gate");
  const call = apiCaller(plane);
  const view = (id: string): Promise<RunView> => call<RunView>(`/runs/${id}`);
  const open: BrowserWorld["open"] = async (options = {}) => {
    const context = await launch(mkdtempSync(join(folder, "profile-")), options);
    const page = context.pages()[0] ?? (await context.newPage());
    return { page, complaints: complaintsOf(page) };
  };
  return {
    plane,
    gate,
    release: () => writeFileSync(gate, ""),
    view,
    open,
    async run(files, change) {
      const repository = new ScratchRepository();
      const first = repository.commit(files);
      const head = change === undefined ? first : repository.commit(change);
      const { id } = await call<RunView>("/runs", {
        repository_path: repository.path,
        head,
        base: change === undefined ? null : first,
        ref: "refs/heads/main",
        default_branch: "main",
        jobs: [],
        all: false,
      });
      return { id, url: `${plane.url}/runs/${id}` };
    },
    async ended(id) {
      await vi.waitFor(async () => expect((await view(id)).finalized_at).not.toBeNull(), WAIT);
      return view(id);
    },
    async signedIn(options) {
      const opened = await open({ ...options });
      if (options?.javaScriptEnabled === false) {
        await opened.page.goto(`${plane.url}/login`);
        await opened.page.getByLabel("API token").fill(plane.apiToken);
        await opened.page.getByRole("button", { name: "Sign in" }).click();
      } else {
        await opened.page.goto(`${plane.url}/login#${plane.apiToken}`);
      }
      await opened.page.waitForURL("**/runs");
      return opened;
    },
  };
}

/** A step that waits until the world is released. */
export function waitFor(gate: string): string {
  return `while [ ! -e '${gate}' ]; do sleep 0.05; done`;
}

async function launch(profile: string, options: BrowserContextOptions): Promise<BrowserContext> {
  const executablePath = inject("browserProgram");
  if (executablePath === null || !existsSync(executablePath)) {
    throw new Error("there is no browser; the suite should have been left out");
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: BROWSER_ARGUMENTS,
    viewport: { width: 1200, height: 900 },
    ...options,
  });
  onTestFinished(() => context.close());
  return context;
}

/** Errors of scripts, errors in the console (broken content security policy among them), and requests that leave. */
function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).hostname !== "127.0.0.1") complaints.push(`request: ${request.url()}`);
  });
  return complaints;
}

import { defineConfig } from "vitest/config";
import { PATIENCE } from "./test/support/patience.ts";

/** How long `expect.poll` looks for what it waits for, in milliseconds: one second is short for two busy cores. */
const expected = { poll: { timeout: 60_000 * PATIENCE } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          globalSetup: ["test/support/postgres-server.ts"],
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/nomad-agent/**", "test/browser/**"],
          // Only what hangs takes so long; what is right must pass on a machine ten times as busy.
          testTimeout: 120_000 * PATIENCE,
          hookTimeout: 120_000 * PATIENCE,
          expect: expected,
        },
      },
      {
        test: {
          name: "e2e",
          globalSetup: ["test/support/postgres-server.ts"],
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000 * PATIENCE,
          hookTimeout: 120_000 * PATIENCE,
          expect: expected,
        },
      },
      {
        test: {
          name: "nomad",
          globalSetup: ["test/nomad-agent/setup.ts"],
          include: ["test/nomad-agent/**/*.test.ts"],
          // Each file runs an agent of its own, and an agent wants a core.
          fileParallelism: false,
          testTimeout: 240_000 * PATIENCE,
          hookTimeout: 120_000 * PATIENCE,
          expect: expected,
        },
      },
      {
        test: {
          name: "browser",
          globalSetup: ["test/browser/setup.ts"],
          include: ["test/browser/**/*.test.ts"],
          // A browser and a control plane in each file want a core.
          fileParallelism: false,
          testTimeout: 120_000 * PATIENCE,
          hookTimeout: 120_000 * PATIENCE,
          expect: expected,
        },
      },
    ],
  },
});

import { expect, test } from "vitest";
import { setupFiles, type SetupOptions } from "../../nomad/setup.ts";

const options: SetupOptions = {
  namespace: "ci",
  installation: "main",
  nodePool: "ci-containers",
  runnerVolume: "delta-runner",
  runnerFolder: "/opt/delta",
  controlPlane: "https://ci.example:8443",
};

test("each file names what it was asked for, and how it is used", () => {
  const files = setupFiles(options);
  const textOf = (name: string) => files.find((file) => file.name === name)?.text ?? "";
  expect(textOf("delta-policy.hcl")).toContain('namespace "ci"');
  expect(textOf("delta-policy.hcl")).toContain('host_volume "delta-runner"');
  expect(textOf("delta-client.hcl")).toContain('path      = "/opt/delta"');
  expect(textOf("delta-relay.service")).toContain(
    "relay --socket /opt/delta/control.sock --control-plane https://ci.example:8443",
  );
  expect(files.every((file) => file.use !== "" && file.text.endsWith("\n"))).toBe(true);
});

test("a value that would break out of its place is refused", () => {
  expect(() => setupFiles({ ...options, namespace: 'ci" {}\nnamespace "*' })).toThrow(/cannot stand/);
});

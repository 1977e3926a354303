import { expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";

function imported(steps: string, more = "runs-on: ubuntu-latest") {
  const text = `on: push\njobs: { a: { ${more}, steps: [${steps}, { run: x }] } }\n`;
  const { pipeline, jobs } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  const whole = parse(pipeline ?? "{}") as {
    readonly jobs: { readonly a: { readonly image?: string; readonly steps: readonly unknown[] } };
  };
  return {
    ...whole.jobs.a,
    told: (jobs[0]?.findings ?? []).map(({ code, message }) => `${code} ${message}`),
  };
}

const PYTHON = "{ uses: actions/setup-python@v6, with: { python-version: '3.13' } }";
const uv = (inputs: string): string => `{ uses: astral-sh/setup-uv@v7, with: { ${inputs} } }`;

test("uv is an image of its own, and a package in one of Python", () => {
  expect(imported(uv("version: 0.9.1, enable-cache: false"))).toEqual(
    expect.objectContaining({ image: "ghcr.io/astral-sh/uv:0.9.1-bookworm", steps: ["x"], told: [] }),
  );
  expect(imported(`${PYTHON}, ${uv("version: latest")}`)).toEqual(
    expect.objectContaining({ image: "python:3.13", steps: ["pip install uv", "x"], told: [] }),
  );
  expect(imported(uv("version: '>=0.9', python-version: '3.12'")).told).toEqual([
    expect.stringMatching(/^DC1801 Of uv only whole versions/),
    expect.stringMatching(/^DC1801 `python-version` of `astral-sh\/setup-uv`/),
  ]);
});

test("what is installed in a container, or where no image of Linux runs, is told", () => {
  const inContainer = imported(PYTHON, "runs-on: ubuntu-latest, container: node:24");
  expect(inContainer.image).toBe("node:24");
  expect(inContainer.told).toEqual([
    expect.stringMatching(/^DC1801 The image is `node:24` already; choose one that holds `python:3.13`/),
  ]);
  const onMac = imported(PYTHON, "runs-on: macos-latest");
  expect(onMac.image).toBeUndefined();
  expect(onMac.told).toEqual([
    expect.stringMatching(/^DC1802 `python:3.13` is an image of Linux, and this job runs on macOS/),
  ]);
});

test("a processor that the machine has anyway is none to be told of", () => {
  const python = "{ uses: actions/setup-python@v6, with: { python-version: '3.13', architecture: x64 } }";
  expect(imported(python).told).toEqual([]);
  expect(imported(python.replace("x64", "x86")).told).toEqual([
    expect.stringMatching(/^DC1801 `architecture` of/),
  ]);
  expect(imported(python, "runs-on: macos-latest").told).toContainEqual(
    expect.stringMatching(/^DC1801 `architecture` of/),
  );
});

test("an action reads the variables of its own step", () => {
  const cache =
    "{ uses: actions/cache@v5, env: { cache-name: npm }, with: { path: .npm, key: 'k-${{ env.cache-name }}' } }";
  const found = imported(cache, "container: a");
  expect(found.told).toEqual([]);
  expect(found).toMatchObject({ caches: [{ key: "k-npm", paths: [".npm"] }] });
});

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type PinnedFiles, pinnedKey } from "../../../compiler/index.ts";
import { FUNCTIONS } from "../../../compiler/expressions/functions.ts";
import schema from "../../../schemas/pipeline.schema.json" with { type: "json" };
import { loadFiles, PIPELINE, pushToMain, renderFindings } from "./load-text.ts";

const REFERENCE = readFileSync(join(import.meta.dirname, "../../../docs/reference/pipeline.md"), "utf8");

/** Each section's example: its block is the pipeline, blocks with a path are files beside it. */
function examples() {
  return REFERENCE.split(/^#{2,4} /m).flatMap((section) => {
    const blocks = Array.from(
      section.matchAll(/^```yaml ?(\S*)\n([\s\S]*?)^```$/gm),
      ([, path = "", yaml = ""]) => [path || PIPELINE, yaml] as const,
    );
    return blocks.length === 0
      ? []
      : [{ title: section.split("\n", 1)[0] ?? "", files: Object.fromEntries(blocks) }];
  });
}

/** A block with a path such as `team/ci@v3:node.yaml` is a file of another repository, as it would be brought. */
function pinnedOf(files: Readonly<Record<string, string>>): PinnedFiles {
  return new Map(
    Object.entries(files).flatMap(([path, text]) => {
      const [, repo, ref, file] = /^(.+)@(.+):(.+)$/.exec(path) ?? [];
      if (repo === undefined || ref === undefined || file === undefined) return [];
      const request = { repo, ref, file, sha256: createHash("sha256").update(text).digest("hex") };
      return [[pinnedKey(request), { request, answer: { bytes: new TextEncoder().encode(text) } }] as const];
    }),
  );
}

/** Keys that the schema's maps allow, by the map's name. */
function schemaKeys(): readonly string[] {
  const keys = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const { properties } = part as { properties?: Record<string, unknown> };
    for (const key of Object.keys(properties ?? {})) keys.add(key);
    for (const [name, inner] of Object.entries(part)) if (name !== "examples") visit(inner);
  };
  visit(schema);
  return [...keys].toSorted();
}

function documentedKeys(): ReadonlySet<string> {
  const yaml = Array.from(
    REFERENCE.matchAll(/^```yaml.*\n([\s\S]*?)^```$/gm),
    ([, block = ""]) => block,
  ).join("\n");
  return new Set(Array.from(yaml.matchAll(/(?:^|[{,\s])\+?([a-z_][a-z0-9_]*):/g), ([, key = ""]) => key));
}

describe("docs/reference/pipeline.md", () => {
  test.each(examples())("the example of $title compiles without a finding", ({ files }) => {
    const { diagnostics, model } = loadFiles(files, pushToMain, undefined, pinnedOf(files));
    expect(renderFindings(diagnostics, files)).toBe("");
    expect(model?.jobs.length).toBeGreaterThan(0);
  });

  test("every key of the schema stands in an example", () => {
    const documented = documentedKeys();
    expect(schemaKeys().filter((key) => !documented.has(key))).toEqual([]);
  });

  test("every function is in the table", () => {
    expect([...FUNCTIONS.keys()].filter((name) => !REFERENCE.includes(`\`${name}(`))).toEqual([]);
  });
});

describe("schemas/pipeline.schema.json", () => {
  interface Part {
    readonly properties?: Readonly<Record<string, Part>>;
    readonly description?: string;
    readonly $ref?: string;
    readonly examples?: readonly unknown[];
  }
  const definitions = schema.definitions as unknown as Readonly<Record<string, Part>>;

  test("every key has a description, its own or that of what it refers to", () => {
    const missing: string[] = [];
    const visit = (part: Part, path: string): void => {
      for (const [key, value] of Object.entries(part.properties ?? {})) {
        const target = value.$ref === undefined ? undefined : definitions[value.$ref.split("/").at(-1) ?? ""];
        if ((value.description ?? target?.description) === undefined) missing.push(`${path}.${key}`);
        visit(value, `${path}.${key}`);
      }
    };
    visit(schema, "pipeline");
    for (const [name, definition] of Object.entries(definitions)) visit(definition, name);
    expect(missing).toEqual([]);
  });

  test("the examples of a job's keys are accepted by the loader", () => {
    const { properties = {} } = definitions.job as Part;
    for (const [key, value] of Object.entries(properties)) {
      const target = value.$ref === undefined ? value : definitions[value.$ref.split("/").at(-1) ?? ""];
      for (const example of value.examples ?? target?.examples ?? []) {
        const job = { steps: ["a"], [key]: example };
        const text = JSON.stringify({
          version: 1,
          jobs: { build: { steps: ["a"] }, lint: { steps: ["a"] }, test: job },
          templates: { node: {}, slow: {} },
          components: { api: { root: "api" } },
        });
        const { diagnostics } = loadFiles({ [PIPELINE]: text });
        expect(renderFindings(diagnostics, { [PIPELINE]: text }), key).toBe("");
      }
    }
  });
});

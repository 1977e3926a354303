import { expect, test } from "vitest";
import { Report } from "../../compiler/diagnostics/report.ts";
import { parseYaml } from "../../compiler/yaml/index.ts";
import { hostileCorpus } from "../support/hostile/corpus.ts";
import { HOSTILE_YAML } from "../support/hostile/yaml-texts.ts";

// What each costs is measured by `npm run bench hostile`.
test.each(hostileCorpus().map((one) => [one.name, one] as const))("%s is answered by name", (_, one) => {
  expect(one.prepare()()).toContain(one.expected);
});

test.each(HOSTILE_YAML.flatMap(({ before, ...one }) => (before === undefined ? [] : [{ ...one, before }])))(
  "$name is refused before what follows is read",
  ({ text, code, before }) => {
    const report = new Report();
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    expect(parseYaml("p.yaml", bytes, report)).toBeNull();
    const [found] = report.settle();
    expect(found?.code).toBe(code);
    expect(found?.span?.start).toBeLessThan(before);
  },
);

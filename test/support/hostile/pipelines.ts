import { type HostileText, list } from "./hostile-case.ts";

const many = (count: number, each: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => each(index));
const jobs = (...written: readonly string[]): string =>
  `version: 1\njobs:\n${written.map((line) => `  ${line}\n`).join("")}`;
const job = (keys: string): string => jobs(`j: { steps: [a], ${keys} }`);

/** Readable YAML that asks for too much, or for what may not be. */
export const HOSTILE_PIPELINES: readonly HostileText[] = [
  { name: "Y9 a job named __proto__", text: jobs("__proto__: { steps: [a] }"), code: "DC1202" },
  { name: "Y9 a job named constructor", text: jobs("constructor: { steps: [a] }"), code: "DC1202" },
  { name: "Y13 a number for a version", text: job("image: 3.10"), code: "DC1104" },
  { name: "Y17 a misspelt key", text: jobs("a: { stpes: [a] }"), code: "DC1101" },
  {
    name: "Y17 thousands of unknown keys",
    text: jobs("a:", "  steps: [a]", ...many(4_900, (index) => `  stp${index}: 1`)),
    code: "DC1101",
  },
  {
    name: "thousands of jobs that are no maps",
    text: jobs(...many(4_900, (index) => `j${index}: 1`)),
    code: "DC1103",
  },
  {
    name: "thousands of variables that are lists",
    text: `vars: { ${list(9_900, (index) => `k${index}: [1]`)} }\n${jobs("a: { steps: [a] }")}`,
    code: "DC1103",
  },
  {
    name: "thousands of unknown keys in a job without steps",
    text: jobs(`a: { ${list(9_900, (index) => `stp${index}: [1]`)} }`),
    code: "DC1101",
  },
  {
    name: "Y18 two jobs that need each other",
    text: jobs("a: { steps: [a], needs: b }", "b: { steps: [a], needs: a }"),
    code: "DC1204",
  },
  { name: "Y18 a job that needs itself", text: job("needs: j"), code: "DC1204" },
  {
    name: "Y18 a circle through a thousand jobs",
    text: jobs(...many(1_000, (index) => `j${index}: { steps: [a], needs: j${(index + 1) % 1_000} }`)),
    code: "DC1204",
  },
  { name: "Y19 a need of nothing", text: job("needs: missing"), code: "DC1203" },
  {
    name: "Y19 thousands of misspelt needs",
    text: jobs(
      ...many(900, (index) => `job${index}: { steps: [a], needs: [jo${index}, jb${index}, jx${index}] }`),
    ),
    code: "DC1203",
  },
  {
    name: "Y19 thousands of needs of nothing",
    text: jobs(
      ...many(900, (index) => `j${index}: { steps: [a], needs: [${list(9, (one) => `jj${index}x${one}`)}] }`),
    ),
    code: "DC1203",
  },
  {
    name: "Y19 a need that a rule leaves out",
    text: jobs("a: { steps: [a], needs: b }", `b: { steps: [a], rules: [{ if: "event.kind == 'manual'" }] }`),
    code: "DC1901",
  },
  {
    name: "Y20 seventeen times seventeen",
    text: job(`matrix: { axes: { a: [${list(17, String)}], b: [${list(17, String)}] } }`),
    code: "DC1401",
  },
  { name: "Y20 an axis without values", text: job("matrix: { axes: { a: [] } }"), code: "DC1402" },
  {
    name: "Y20 an axis of sixty thousand values",
    text: job(`matrix: { axes: { a: [${list(60_000, String)}] } }`),
    code: "DC1007",
  },
  {
    name: "Y20 forty axes of two",
    text: job(`matrix: { axes: { ${list(40, (index) => `a${index}: [1, 2]`)} } }`),
    code: "DC1401",
  },
  {
    name: "Y20 a thousand included cells",
    text: job(`matrix: { axes: { a: [1] }, include: [${list(1_000, (index) => `{ b: ${index} }`)}] }`),
    code: "DC1106",
  },
  {
    name: "Y20 thousands of axes beside the axes",
    text: job(`matrix: { ${list(9_900, (index) => `a${index}: [1]`)} }`),
    code: "DC1101",
  },
  {
    name: "Y21 a thousand and one jobs",
    text: jobs(...many(1_001, (index) => `j${index}: { steps: [a] }`)),
    code: "DC1205",
  },
  {
    name: "Y21 ten thousand edges",
    text: jobs(
      ...many(150, (index) => `j${index}: { steps: [a], needs: [${list(index, (other) => `j${other}`)}] }`),
    ),
    code: "DC1205",
  },
  {
    name: "Y21 ten thousand edges in two matrices",
    text: jobs(
      `a: { steps: [a], matrix: { axes: { n: [${list(101, String)}] } } }`,
      `b: { steps: [a], matrix: { axes: { n: [${list(101, String)}] } }, needs: a }`,
    ),
    code: "DC1205",
  },
  ...["-1", "1e309", ".inf", ".nan", '"10 parsecs"'].map((timeout) => ({
    name: `Y22 a timeout of ${timeout}`,
    text: job(`timeout: ${timeout}`),
    code: "DC1108",
  })),
  {
    name: "Y23 a secret in an expression",
    text: jobs('j: { env: { A: "${{ secrets.X }}" }, steps: [a] }'),
    code: "DC1121",
  },
  { name: "Y23 a secret that forks reach", text: job("secrets: [X]"), code: "DC1910" },
  {
    name: "Y24 a title in a script",
    text: jobs('j: { steps: [{ run: "echo ${{ ref.name }}" }] }'),
    code: "DC1306",
  },
  {
    name: "environments grown by aliases",
    text: `x-e: &e { ${list(190, (index) => `K${index}: v`)} }\n${jobs(...many(900, (index) => `j${index}: { env: *e, steps: [a] }`))}`,
    code: "DC1008",
  },
  {
    name: "thousands of misspelt names in expressions",
    text: `vars: { ${list(1_000, (index) => `name_${index}: 1`)} }\n${jobs(...many(900, (index) => `j${index}: { if: "vars.nmae_${index} == 1 && vars.neam_${index} == 1", steps: [a] }`))}`,
    code: "DC1302",
    bound: "whole",
  },
  {
    name: "templates that multiply",
    text: `templates:\n${many(20, (index) => `  t${index}: { extends: [${list(9, () => `t${index + 1}`)}] }\n`).join("")}  t20: { timeout: 1m }\n${jobs("a: { extends: t0, steps: [a] }")}`,
    code: "DC1603",
  },
  {
    name: "templates in a chain",
    text: `templates:\n${many(900, (index) => `  t${index}: { extends: t${index + 1} }\n`).join("")}${jobs(...many(900, (index) => `j${index}: { extends: t${index}, steps: [a] }`))}`,
    code: "DC1603",
  },
  {
    name: "thousands of misspelt variables that a rule sets",
    text: `vars: { ${list(4_000, (index) => `name${index}: 1`)} }\nrules: [{ if: "true", set: { vars: { ${list(4_000, (index) => `nmae${index}: 1`)} } } }]\n${jobs("a: { steps: [a] }")}`,
    code: "DC1150",
  },
  {
    name: "hundreds of misspelt templates",
    text: `templates: { ${list(900, (index) => `template${index}: { timeout: 1m }`)} }\n${jobs(...many(900, (index) => `j${index}: { extends: tmplate${index}, steps: [a] }`))}`,
    code: "DC1601",
  },
  {
    name: "an expression in brackets",
    text: job(`if: "${"(".repeat(400)}true${")".repeat(400)}"`),
    code: "DC1301",
  },
  { name: "a long expression", text: job(`if: "${"true && ".repeat(5_000)}true"`), code: "DC1307" },
  {
    name: "a schedule of nothing",
    text: `on: { schedule: [{ cron: "61 * * * *" }] }\n${job("")}`,
    code: "DC1113",
  },
];

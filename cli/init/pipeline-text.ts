import { MATCH_WORK_MAX, pathTest } from "../../compiler/globs/index.ts";
import type { Ecosystem, Findings } from "./detect.ts";

interface Job {
  readonly id: string;
  readonly ecosystem: Ecosystem;
  readonly changes: readonly string[];
  readonly workdir?: string;
  readonly steps: readonly { readonly name: string; readonly run: string }[];
}

const INSTALL: Partial<Record<Ecosystem, string>> = {
  npm: "npm ci",
  pnpm: "pnpm install --frozen-lockfile",
  yarn: "yarn install --immutable",
};

/** Scripts that make sense as jobs, in the order people expect to read them. */
const SCRIPT_JOBS = ["lint", "typecheck", "test", "build"] as const;
const SCRIPT_SOURCES = [
  "**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx}",
  "**/package.json",
  "*lock*",
  "*.json",
  "*.yaml",
];

/** What the schema lets a pipeline's name have. */
const NAME_LENGTH_MAX = 100;
/** Leaves room, within the 63 characters of a job id, for a number that keeps two ids apart. */
const JOB_ID_LENGTH_MAX = 58;

/**
 * A first pipeline: one job per check the repository already has, each run only when its sources
 * change. A glob that none of the repository's paths matches is left out.
 */
export function pipelineText(findings: Findings, name: string, paths: readonly string[]): string {
  const hasFile = (glob: string): boolean => paths.some(pathTest([glob], { left: MATCH_WORK_MAX }));
  const jobs = [...scriptJobs(findings), ...cargoJobs(findings), ...goJobs(findings)].map((job) => ({
    ...job,
    changes: job.changes.filter(hasFile),
  }));
  const known = findings.ecosystems.length > 0;
  const lines = [
    "# What Delta CI runs for a change in this repository.",
    "# `delta validate` checks this file, `delta plan` shows what it decides, `delta run` carries it out.",
    "version: 1",
    `name: ${JSON.stringify(name.slice(0, NAME_LENGTH_MAX))}`,
    "on:",
    "  push: {}",
    "  pull_request: {}",
    ...(known ? [`discover: [${findings.ecosystems.join(", ")}]`] : []),
    "jobs:",
    ...(jobs.length > 0 ? jobs.flatMap(jobLines) : placeholderLines()),
  ];
  return `${lines.join("\n")}\n`;
}

function scriptJobs({ ecosystems, scripts }: Findings): Job[] {
  const manager = ecosystems.find((ecosystem) => INSTALL[ecosystem] !== undefined);
  const install = manager === undefined ? undefined : INSTALL[manager];
  if (manager === undefined || install === undefined) return [];
  return SCRIPT_JOBS.filter((script) => scripts.includes(script)).map((script) => ({
    id: script,
    ecosystem: manager,
    changes: SCRIPT_SOURCES,
    steps: [
      { name: "install", run: install },
      { name: script, run: `${manager} run ${script}` },
    ],
  }));
}

function cargoJobs({ ecosystems }: Findings): Job[] {
  if (!ecosystems.includes("cargo")) return [];
  const changes = ["**/*.rs", "**/Cargo.toml", "Cargo.lock", "rust-toolchain*", ".cargo/**"];
  return [
    {
      id: "cargo-check",
      ecosystem: "cargo",
      changes,
      steps: [{ name: "check", run: "cargo check --workspace --locked" }],
    },
    {
      id: "cargo-test",
      ecosystem: "cargo",
      changes,
      steps: [{ name: "test", run: "cargo test --workspace --locked" }],
    },
  ];
}

function goJobs({ goModules }: Findings): Job[] {
  const ids = new Map<string, number>();
  return goModules.map((root) => {
    const below = root === "." ? "" : `${root}/`;
    const words = root.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const id = ["go-test", ...words].join("-").slice(0, JOB_ID_LENGTH_MAX);
    const uses = (ids.get(id) ?? 0) + 1;
    ids.set(id, uses);
    return {
      id: uses === 1 ? id : `${id}_${uses}`,
      ecosystem: "go",
      changes: [`${below}**/*.go`, `${below}**/go.mod`, `${below}**/go.sum`, "go.work*"],
      ...(root === "." ? {} : { workdir: root }),
      steps: [
        { name: "vet", run: "go vet ./..." },
        { name: "test", run: "go test ./..." },
      ],
    };
  });
}

function jobLines(job: Job): string[] {
  return [
    `  ${job.id}:`,
    ...(job.workdir === undefined ? [] : [`    workdir: ${JSON.stringify(job.workdir)}`]),
    ...(job.changes.length === 0
      ? []
      : [`    changes: [${job.changes.map((glob) => JSON.stringify(glob)).join(", ")}]`]),
    "    steps:",
    ...job.steps.flatMap((step) => [`      - name: ${step.name}`, `        run: ${step.run}`]),
  ];
}

function placeholderLines(): string[] {
  return [
    "  check:",
    "    # Replace this with the command that checks your code; add `changes: [globs]` to run it only when needed.",
    "    steps:",
    "      - name: list",
    "        run: git ls-files | head -n 20",
  ];
}

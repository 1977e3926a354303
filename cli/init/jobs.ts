import type { Findings } from "./detect.ts";

export interface Job {
  readonly id: string;
  /** Which changes run the job: paths, one instance for each affected component of these, or one of these components. */
  readonly condition: {
    readonly changes?: readonly string[];
    readonly forEach?: readonly string[];
    readonly components?: readonly string[];
  };
  readonly workdir?: string;
  readonly steps: readonly { readonly name: string; readonly run: string }[];
}

/** Scripts that make sense as jobs, in the order people expect to read them. */
const SCRIPT_JOBS = ["lint", "typecheck", "test", "build"] as const;

const SCRIPT_SOURCES = ["**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx}", "**/package.json"];
const CARGO_SOURCES = ["**/*.rs", "**/Cargo.toml", "Cargo.lock"];
const GO_SOURCES = ["**/*.go", "**/go.mod", "**/go.sum"];

/** Leaves room, within the 63 characters of a job id, for a number that keeps two ids apart. */
const JOB_ID_LENGTH_MAX = 58;

/** One job for each check that the repository already has. */
export function jobsFor(findings: Findings): readonly Job[] {
  return [...scriptJobs(findings), ...cargoJobs(findings), ...goJobs(findings)];
}

/**
 * Any change may count for a check, such as one of its fixtures: what is left out is known to be something
 * else. Documents of Rust crates are not, as their examples are tests.
 */
function anyBut(...elsewhere: readonly (readonly string[])[]): Job["condition"] {
  return { changes: ["**", ...elsewhere.flat().map((glob) => `!${glob}`)] };
}

function scriptJobs({ install, ecosystems: [manager], scripts, members, roots }: Findings): readonly Job[] {
  if (install === null) return [];
  return SCRIPT_JOBS.flatMap((script): readonly Job[] => {
    const steps = [
      { name: "install", run: install },
      { name: script, run: `${manager} run ${script}` },
    ];
    if (scripts.includes(script))
      return [{ id: script, condition: anyBut(["**/*.md"], CARGO_SOURCES, GO_SOURCES), steps }];
    const having = members.filter((member) => member.scripts.includes(script)).map(({ root }) => root);
    if (having.length === 0) return [];
    const forEach = inFolders(having, roots);
    return [{ id: script, condition: { forEach }, workdir: "${{ component.root }}", steps }];
  });
}

/** `packages/*` in place of all components of a folder. */
function inFolders(some: readonly string[], all: readonly string[]): readonly string[] {
  const parent = (root: string): string => root.replace(/[^/]+$/, "");
  const mixed = new Set(["", ...all.filter((root) => !some.includes(root)).map(parent)]);
  return [...new Set(some.map((root) => (mixed.has(parent(root)) ? root : `${parent(root)}*`)))];
}

function cargoJobs({ ecosystems, cargoLocked }: Findings): readonly Job[] {
  if (!ecosystems.includes("cargo")) return [];
  return (["check", "test"] as const).map((name) => ({
    id: `cargo-${name}`,
    condition: anyBut(["docs/**/*.md"], SCRIPT_SOURCES, GO_SOURCES),
    steps: [{ name, run: `cargo ${name} --workspace${cargoLocked ? " --locked" : ""}` }],
  }));
}

function goJobs({ goModules }: Findings): readonly Job[] {
  const ids = new Map<string, number>();
  return goModules.map(({ root, isComponent }) => {
    const words = root.toLowerCase().match(/[a-z0-9]+/g) ?? [];
    const id = ["go-test", ...words].join("-").slice(0, JOB_ID_LENGTH_MAX);
    const uses = (ids.get(id) ?? 0) + 1;
    ids.set(id, uses);
    return {
      id: uses === 1 ? id : `${id}_${uses}`,
      condition: goCondition(root, isComponent),
      ...(root === "." ? {} : { workdir: root }),
      steps: [
        { name: "vet", run: "go vet ./..." },
        { name: "test", run: "go test ./..." },
      ],
    };
  });
}

/** A module that is a component runs also for what it depends on. */
function goCondition(root: string, isComponent: boolean): Job["condition"] {
  if (root === ".") return anyBut(["**/*.md"], SCRIPT_SOURCES, CARGO_SOURCES);
  return isComponent ? { components: [root] } : { changes: [`${root}/**`, "go.work*"] };
}

import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { mapOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import type { JobDraft } from "../emit.ts";
import { changed, leftOut, scalarTexts } from "../reader.ts";

type Runner = NonNullable<JobDraft["runner"]>;

/** Hosted machines by their label; what follows is an architecture. */
const HOSTED: readonly (readonly [RegExp, "linux" | "darwin" | "windows"])[] = [
  [/^ubuntu-/, "linux"],
  [/^macos-/, "darwin"],
  [/^windows-/, "windows"],
];
/** Labels that every machine of one's own has. */
const OWN: Readonly<Record<string, Runner>> = {
  "self-hosted": {},
  linux: {},
  macos: { os: "darwin" },
  windows: { os: "windows" },
  x64: { arch: "amd64" },
  arm64: { arch: "arm64" },
};
const LABEL = /^[a-z0-9][a-z0-9._=-]{0,62}$/;

/**
 * What `runs-on` asks for: hosted machines by their system, the others by their labels. What programs a hosted machine
 * brings is told once for the file, for it is the same for all of its jobs.
 */
export function runnerOf(
  entry: YamlEntry | null,
  image: string | null,
  values: ReadonlyMap<string, readonly string[]>,
  report: Report,
  { file, machines }: { readonly file: Report; readonly machines: Set<string> },
): Runner | undefined {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const labels = scalarTexts(map === null ? entry.value : (map.entries.get("labels")?.value ?? null)).flatMap(
    (label) => cellsLabels(label, values),
  );
  if (labels.some((label) => label.includes("${{")) || (map !== null && labels.length === 0)) {
    const isMatrix = labels.join().includes("matrix.");
    leftOut(
      report,
      entry.value.span,
      isMatrix
        ? "Runners are not chosen by a matrix here; make a job for each of them"
        : "Which runners this names is computed; choose `runner.pool`",
    );
    return undefined;
  }
  let runner: Runner = {};
  const rest: string[] = [];
  for (const label of labels) {
    const hosted = HOSTED.find(([pattern]) => pattern.test(label));
    const own = OWN[label.toLowerCase()];
    if (hosted !== undefined) {
      runner = { ...runner, ...hostedRunner(label, hosted[1]) };
      if (image === null && !machines.has(label))
        changed(
          file,
          entry.value.span,
          `${quote(label)} brings programs of its own; choose an \`image\` that has what the steps need, or a pool that does`,
        );
      machines.add(label);
    } else if (own !== undefined) runner = { ...runner, ...own };
    else if (LABEL.test(label.toLowerCase())) rest.push(label.toLowerCase());
    else leftOut(report, entry.value.span, `${quote(label)} is no label here; choose \`runner.pool\``);
  }
  if (rest.length === 0 && labels.includes("self-hosted"))
    leftOut(report, entry.value.span, "These are machines of one's own; choose `runner.pool`");
  const whole = rest.length > 0 ? { ...runner, labels: rest } : runner;
  return Object.keys(whole).length === 0 ? undefined : whole;
}

/** `${{ matrix.os }}` as the labels that it has, where all cells are of one system. */
function cellsLabels(label: string, values: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const axis = /^\$\{\{\s*matrix\.([\w.-]+)\s*\}\}$/.exec(label)?.[1]?.replaceAll(".", "_");
  const found = values.get(axis ?? "") ?? [];
  const system = HOSTED.find(([pattern]) => pattern.test(found[0] ?? ""));
  const arms = new Set(found.map((one) => /-arm(?:64)?$/.test(one)));
  const isOne = system !== undefined && arms.size === 1 && found.every((one) => system[0].test(one));
  return isOne ? found.slice(0, 1) : [label];
}

function hostedRunner(label: string, os: "linux" | "darwin" | "windows"): Runner {
  const arch = /-arm(?:64)?$/.test(label) ? { arch: "arm64" } : {};
  return os === "linux" ? arch : { os, ...arch };
}

/** What `runner.os` says there. */
export function systemOf(runner: Runner | undefined): string {
  return { darwin: "macOS", windows: "Windows" }[String(runner?.["os"] ?? "")] ?? "Linux";
}

import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
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
 * What labels of `runs-on` ask for, null where they are not known: hosted machines by their system, the others by their labels. What programs a hosted machine
 * brings is told once for the file, for it is the same for all of its jobs.
 */
export function runnerOf(
  entry: YamlEntry | null,
  image: string | null,
  labels: readonly string[] | null,
  report: Report,
  { file, machines }: { readonly file: Report; readonly machines: Set<string> },
): Runner | undefined {
  if (entry === null) return undefined;
  if (labels === null) {
    const isMatrix = scalarTexts(entry.value).join().includes("matrix.");
    leftOut(
      report,
      entry.value.span,
      isMatrix
        ? "Which runners this names is computed for each cell of the matrix; make a job for each kind of them"
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

/** The kind of machine that a label names: hosted ones of one system and processor are alike. */
export function machineOf(label: string): string {
  const hosted = HOSTED.find(([pattern]) => pattern.test(label));
  if (hosted === undefined) return label.toLowerCase();
  return `${hosted[1] === "darwin" ? "macos" : hosted[1]}${/-arm(?:64)?$/.test(label) ? "-arm" : ""}`;
}

function hostedRunner(label: string, os: "linux" | "darwin" | "windows"): Runner {
  const arch = /-arm(?:64)?$/.test(label) ? { arch: "arm64" } : {};
  return os === "linux" ? arch : { os, ...arch };
}

/** What `runner.os` says there. */
export function systemOf(runner: Runner | undefined): string {
  return { darwin: "macOS", windows: "Windows" }[String(runner?.["os"] ?? "")] ?? "Linux";
}

import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { isGlobProblem, parseGlob } from "../../globs/index.ts";
import { parseDuration } from "../../language/duration.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import type { ArtifactDraft, CacheDraft, JobDraft } from "../emit.ts";
import { changed, type KeyReader, leftOut, scalarText } from "../reader.ts";
import type { Scope } from "./expression.ts";
import type { ScriptStep } from "./shells.ts";
import { convertText } from "./texts.ts";

/** What actions of one job become. */
export interface ActionEffects {
  image: string | null;
  checkout: JobDraft["checkout"] | "none";
  readonly artifacts: ArtifactDraft[];
  readonly caches: CacheDraft[];
  /** Artifacts of needed jobs to have; null stands for all of them. */
  readonly downloads: (string | null)[];
  readonly steps: ScriptStep[];
}

export interface ActionUse {
  readonly uses: YamlEntry;
  readonly given: KeyReader | null;
  /** Whether the step runs also when one before it failed. */
  readonly always: boolean;
  readonly scope: Scope;
  readonly report: Report;
}

/** Images that hold what a setup action installs. */
const SETUPS: Readonly<
  Record<
    string,
    { readonly version: string; readonly image: string; readonly latest: string; readonly lone?: true }
  >
> = {
  "actions/setup-node": { version: "node-version", image: "node", latest: "lts" },
  "actions/setup-python": { version: "python-version", image: "python", latest: "3" },
  "actions/setup-go": { version: "go-version", image: "golang", latest: "1" },
  "actions/setup-java": { version: "java-version", image: "eclipse-temurin", latest: "21" },
  "actions/setup-dotnet": { version: "dotnet-version", image: "mcr.microsoft.com/dotnet/sdk", latest: "9.0" },
  "ruby/setup-ruby": { version: "ruby-version", image: "ruby", latest: "3" },
  "dtolnay/rust-toolchain": { version: "toolchain", image: "rust", latest: "1" },
  "actions-rs/toolchain": { version: "toolchain", image: "rust", latest: "1" },
  "oven-sh/setup-bun": { version: "bun-version", image: "oven/bun", latest: "1" },
  "denoland/setup-deno": { version: "deno-version", image: "denoland/deno", latest: "latest" },
};

/** Keys whose values only save time, or say what is so here anyway. */
const NO_LOSS = new Set([
  "persist-credentials",
  "clean",
  "check-latest",
  "show-progress",
  "set-safe-directory",
]);

/** Why keys of these actions have no counterpart. */
const WHY: Readonly<Record<string, string>> = {
  cache: "saves time only; write `caches` to have it",
  "cache-dependency-path": "saves time only; write `caches` to have it",
  ref: "checks out something else than the event's commit",
  repository: "checks out another repository; clone it in a step",
  path: "checks out into another folder",
  submodules: "checks out submodules; call `git submodule update --init` in a step",
  token: "is a token that jobs are not given",
  lfs: "fetches large files; call `git lfs pull` in a step",
};

/** Applies one action; false when it is none that is known. */
export function applyAction(name: string, use: ActionUse, effects: ActionEffects): boolean {
  if (name === "actions/checkout") checkout(use, effects);
  else if (/^actions\/cache(?:\/restore|\/save)?$/.test(name)) cache(name, use, effects);
  else if (name === "actions/upload-artifact") upload(use, effects);
  else if (name === "actions/download-artifact") download(use, effects);
  else if (name === "pnpm/action-setup") pnpm(use, effects);
  else if (Object.hasOwn(SETUPS, name)) setup(name, use, effects);
  else return false;
  return true;
}

function checkout({ given, report }: ActionUse, effects: ActionEffects): void {
  const depth = scalarText(given?.node("fetch-depth"));
  if (effects.checkout === "none") effects.checkout = undefined;
  if (depth !== null && /^\d{1,6}$/.test(depth) && depth !== "1")
    effects.checkout = { depth: Number(depth) || "full" };
  takeHarmless(given);
  given?.finish("`actions/checkout`", WHY);
  if (depth !== null && !/^\d{1,6}$/.test(depth) && given !== null)
    changed(report, given.span, "This depth is no number; one commit is checked out");
}

function takeHarmless(given: KeyReader | null): void {
  for (const key of NO_LOSS) given?.take(key);
}

function setup(name: string, { uses, given, scope, report }: ActionUse, effects: ActionEffects): void {
  const known = SETUPS[name];
  if (known === undefined) return;
  const written = given?.take(known.version) ?? null;
  const file = given?.take(`${known.version}-file`) ?? null;
  takeHarmless(given);
  given?.take("distribution");
  given?.take("registry-url");
  given?.finish(quote(name), WHY);
  if (file !== null && written === null)
    changed(
      report,
      file.keySpan,
      `The version is in ${quote(scalarText(file.value) ?? "")}; the image is that of ${quote(known.latest)}: choose its tag`,
    );
  const tag = versionTag(name, written, known.latest, scope, report);
  const own = /^dtolnay\/.*@(\d[\w.]*)$/.exec(scalarText(uses.value) ?? "")?.[1];
  if (tag === null) return;
  const image = `${known.image}:${own ?? tag}`;
  if (effects.image !== null && effects.image !== image)
    leftOut(
      report,
      uses.value.span,
      `The image is ${quote(effects.image)} already; choose one that holds ${quote(image)} as well`,
    );
  effects.image ??= image;
}

function versionTag(
  name: string,
  written: YamlEntry | null,
  latest: string,
  scope: Scope,
  report: Report,
): string | null {
  if (written === null) return latest;
  const lines = (scalarText(written.value) ?? "").trim().split(/\s*\n\s*/);
  const version = convertText(lines.at(-1) ?? "", written.value.span, scope, report);
  if (version === null) return null;
  const tag = version
    .replace(/(?:\.[x*])+$/, "")
    .replace(/^lts\/(\*|-1)$/, "lts")
    .replace(/^(?:stable|latest|nightly|[x*^]|>=.*)$/, latest)
    .replace(/^[\^~]/, "");
  if (lines.length > 1)
    changed(report, written.keySpan, `Of several versions only ${quote(tag)} is in the image`);
  if (/^[\w.-]+$|^\$\{\{ [^{}]+ \}\}$/.test(tag)) return tag;
  leftOut(
    report,
    written.value.span,
    `No image of ${quote(name)} is known for the version ${quote(tag)}; choose \`image\``,
  );
  return null;
}

function cache(name: string, { uses, given, scope, report }: ActionUse, effects: ActionEffects): void {
  const key = textOf(given, "key", scope, report);
  const paths = linesOf(given, "path", scope, report);
  const restore = linesOf(given, "restore-keys", scope, report);
  for (const harmless of ["save-always", "enableCrossOsArchive", "lookup-only", "fail-on-cache-miss"])
    given?.take(harmless);
  given?.finish(quote(name));
  const inside = paths.filter(isInside).map((path) => trimmed(path).replace(/\/$/, ""));
  if (inside.length < paths.length || key === null)
    leftOut(
      report,
      uses.value.span,
      "A cache holds files of the checkout only; point the tool at a folder there and write `caches`",
    );
  const mode = name.endsWith("/restore") ? "read" : name.endsWith("/save") ? "write" : undefined;
  if (inside.length > 0 && key !== null && key !== "")
    effects.caches.push({ key, paths: inside, restore_keys: restore, mode });
}

/** The name that an artifact has when none is given. */
const ARTIFACT = "artifact";

function upload({ uses, given, always, scope, report }: ActionUse, effects: ActionEffects): void {
  const name = textOf(given, "name", scope, report) ?? ARTIFACT;
  const written = linesOf(given, "path", scope, report);
  const days = scalarText(given?.node("retention-days"));
  const missing = scalarText(given?.node("if-no-files-found"));
  for (const harmless of ["compression-level", "overwrite", "include-hidden-files"]) given?.take(harmless);
  given?.finish("`actions/upload-artifact`");
  const path = written
    .filter((one) => isInside(one.replace(/^!/, "")))
    .map(trimmed)
    .map((one) => (one.endsWith("/") ? `${one}**` : one));
  const expire = days !== null && parseDuration(`${days}d`) !== null ? `${days}d` : undefined;
  const isNamed = /^(?:[\w.-]|\$\{\{ [^{}]+ \}\})+$/.test(name);
  if (
    path.length < written.length ||
    path.length === 0 ||
    !isNamed ||
    effects.artifacts.some((one) => one.name === name)
  ) {
    leftOut(
      report,
      uses.value.span,
      "This artifact has no name of its own, or files outside of the checkout, and was left out",
    );
    return;
  }
  effects.artifacts.push({
    name,
    path,
    when: always ? "always" : undefined,
    expire,
    ...(missing === "error" ? { required: true as const } : {}),
  });
}

function download({ uses, given, scope, report }: ActionUse, effects: ActionEffects): void {
  const name = textOf(given, "name", scope, report);
  const pattern = given?.take("pattern") ?? null;
  given?.take("merge-multiple");
  const into = given?.take("path") ?? null;
  const elsewhere = ["run-id", "repository", "github-token"].find((key) => given?.has(key));
  given?.finish("`actions/download-artifact`", {
    "run-id": "reads another run",
    repository: "reads another repository",
    "github-token": "is a token that jobs are not given",
  });
  if (elsewhere !== undefined) return;
  if (pattern !== null || into !== null)
    changed(report, uses.value.span, "Files come back at the paths that they had in the job that made them");
  effects.downloads.push(name);
}

/** pnpm takes the version that the repository names in `packageManager`. */
function pnpm({ given, scope, report }: ActionUse, effects: ActionEffects): void {
  const version = textOf(given, "version", scope, report);
  for (const harmless of ["run_install", "package_json_file", "cache", "standalone"]) given?.take(harmless);
  given?.finish("`pnpm/action-setup`");
  if (version === null || /^[\w.-]+$/.test(version))
    effects.steps.push(plainStep(`npm install --global pnpm${version === null ? "" : `@${version}`}`));
}

/** A step of one plain command. */
function plainStep(run: string): ScriptStep {
  return { draft: { run }, lines: [], shell: undefined };
}

function isInside(path: string): boolean {
  const plain = trimmed(path)
    .replace(/\$\{\{[^{}]*\}\}/g, "x")
    .replace(/\/$/, "");
  return !/^[~$]/.test(plain) && !isGlobProblem(parseGlob(plain));
}

function trimmed(path: string): string {
  return path.replace(/\/{2,}/g, "/").replace(/^(!?)(?:\.\/)+(?=.)/, "$1");
}

function textOf(given: KeyReader | null, key: string, scope: Scope, report: Report): string | null {
  const entry = given?.take(key) ?? null;
  const text =
    entry === null ? null : convertText(scalarText(entry.value) ?? "", entry.value.span, scope, report);
  return text === null || text.trim() === "" ? null : text.trim();
}

function linesOf(given: KeyReader | null, key: string, scope: Scope, report: Report): readonly string[] {
  const text = textOf(given, key, scope, report) ?? "";
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

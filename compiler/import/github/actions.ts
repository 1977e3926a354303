import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { isGlobProblem, parseGlob } from "../../globs/index.ts";
import { parseDuration } from "../../language/duration.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { changed, type KeyReader, leftOut, noted, scalarText } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";
import { plainFolder } from "./artifact-folder.ts";
import { plainStep, takeHarmless, textOf } from "./action-inputs.ts";
import type { ActionEffects, ActionUse } from "./action-use.ts";
import { isSetup, setup } from "./setup-actions.ts";
import { isUv, setupUv } from "./setup-uv.ts";

/** Why keys of these actions have no counterpart. */
const WHY: Readonly<Record<string, string>> = {
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
  else if (TIME_SAVERS.has(name)) saver(name, use);
  else if (isUv(name)) setupUv(use, effects);
  else if (isSetup(name)) setup(name, use, effects);
  else return false;
  return true;
}

/** Actions that save time and do nothing else. */
const TIME_SAVERS = new Set(["Swatinem/rust-cache", "swatinem/rust-cache"]);

function saver(name: string, { uses, given, report }: ActionUse): void {
  for (const { key } of given?.entries() ?? []) given?.take(key);
  noted(
    report,
    uses.value.span,
    `The step of ${quote(name)} was left out: it saves time only; write \`caches\` to have it`,
  );
}

function checkout({ given, scope, report }: ActionUse, effects: ActionEffects): void {
  const depth = scalarText(given?.node("fetch-depth"));
  if (effects.checkout === "none") effects.checkout = undefined;
  if (depth !== null && /^\d{1,6}$/.test(depth) && depth !== "1")
    effects.checkout = { depth: Number(depth) || "full" };
  takeHarmless(given);
  if (isOfEvent(given?.peek("ref") ?? null, scope)) given?.take("ref");
  if (isOfRepository(given?.peek("repository") ?? null, scope)) given?.take("repository");
  given?.finish("`actions/checkout`", WHY);
  if (depth !== null && !/^\d{1,6}$/.test(depth) && given !== null)
    changed(report, given.span, "This depth is no number; one commit is checked out");
}

/** Expressions of ours for what is checked out anyway. */
const EVENTS_OWN = new Set([
  "event.head",
  "(pr.source ?? '')",
  "ref.full",
  "ref.name",
  "(pr.source ?? ref.name)",
]);

/** Whether a `ref` is the commit, or the ref, of the event: what is checked out when there is none. */
function isOfEvent(entry: YamlEntry | null, scope: Scope): boolean {
  const text = scalarText(entry?.value) ?? "";
  const source = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(text)?.[1];
  const found = source === undefined ? null : convertExpression(source, scope);
  return entry !== null && (text === "" || (found !== null && "text" in found && EVENTS_OWN.has(found.text)));
}

/** Without a `ref`, the same repository is that of the event. */
function isOfRepository(entry: YamlEntry | null, scope: Scope): boolean {
  const text = scalarText(entry?.value)?.replace(/\s/g, "") ?? "";
  return (
    text === "${{github.repository}}" ||
    (text !== "" && text === scope.known?.get("github.repository")?.fixed)
  );
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
    noted(
      report,
      uses.value.span,
      "A cache holds files of the checkout only, and saves time only; point the tool at a folder there and write `caches` to have it",
    );
  const mode = name.endsWith("/restore") ? "read" : name.endsWith("/save") ? "write" : undefined;
  if (inside.length > 0 && key !== null && key !== "")
    effects.caches.push({ key, paths: inside, restore_keys: restore, mode });
}

/** The name that an artifact has when none is given. */
const ARTIFACT = "artifact";

function upload({ uses, given, when, scope, report }: ActionUse, effects: ActionEffects): void {
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
    when,
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
  const folder = into === null ? "" : (scalarText(into.value) ?? "");
  effects.downloads.push({
    name,
    into: name === null || pattern !== null || folder.includes("${{") ? null : plainFolder(folder),
    span: uses.value.span,
  });
}

/** pnpm takes the version that the repository names in `packageManager`. */
function pnpm({ given, scope, report }: ActionUse, effects: ActionEffects): void {
  const version = textOf(given, "version", scope, report);
  for (const harmless of ["run_install", "package_json_file", "cache", "standalone"]) given?.take(harmless);
  given?.finish("`pnpm/action-setup`");
  if (version === null || /^[\w.-]+$/.test(version))
    effects.steps.push(plainStep(`npm install --global pnpm${version === null ? "" : `@${version}`}`));
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

function linesOf(given: KeyReader | null, key: string, scope: Scope, report: Report): readonly string[] {
  const text = textOf(given, key, scope, report) ?? "";
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

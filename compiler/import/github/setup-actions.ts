import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { changed, type KeyReader, leftOut, scalarText } from "../reader.ts";
import { noteSavings, plainStep, takeHarmless, textOf } from "./action-inputs.ts";
import type { ActionEffects, ActionUse } from "./action-use.ts";
import type { Scope } from "./expression.ts";
import { chooseImage } from "./setup-image.ts";
import { convertText } from "./texts.ts";

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

export function isSetup(name: string): boolean {
  return Object.hasOwn(SETUPS, name);
}

/** Why keys of these actions have no counterpart. */
const WHY = { token: "is a token that jobs are not given" };

/** The image that holds what the action installs. */
export function setup(name: string, { uses, given, scope, report }: ActionUse, effects: ActionEffects): void {
  const known = SETUPS[name];
  if (known === undefined) return;
  const written = given?.take(known.version) ?? null;
  const file = given?.take(`${known.version}-file`) ?? null;
  takeHarmless(given);
  noteSavings(name, given, report);
  if (name === "dtolnay/rust-toolchain" || name === "actions-rs/toolchain")
    rustParts(given, scope, report, effects);
  given?.take("allow-prereleases");
  given?.take("distribution");
  given?.take("registry-url");
  if (isOwnArchitecture(given?.peek("architecture") ?? null, scope)) given?.take("architecture");
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
  chooseImage(`${known.image}:${own ?? tag}`, { span: uses.value.span, report }, effects);
}

/** What the machine has anyway: there those of macOS are of another processor. */
function isOwnArchitecture(entry: YamlEntry | null, scope: Scope): boolean {
  const system = scope.known?.get("runner.os")?.fixed;
  return scalarText(entry?.value) === "x64" && (system === "Linux" || system === "Windows");
}

/** The image brings rustup, and of the toolchain what is needed least. */
function rustParts(given: KeyReader | null, scope: Scope, report: Report, effects: ActionEffects): void {
  for (const [key, command] of [
    ["components", "component"],
    ["targets", "target"],
    ["target", "target"],
  ] as const) {
    const names = textOf(given, key, scope, report)?.split(/[\s,]+/) ?? [];
    const plain = names.filter((name) => /^(?:[\w.-]+|\$\{\{ [^{}]+ \}\})$/.test(name));
    if (names.length > 0 && plain.length === names.length)
      effects.steps.push(plainStep(`rustup ${command} add ${plain.join(" ")}`));
    else if (given !== null && names.length > 0)
      leftOut(report, given.span, `${quote(key)} names no plain words and was left out`);
  }
  given?.take("profile");
  given?.take("override");
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

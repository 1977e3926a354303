import type { KeyReader } from "../reader.ts";
import { leftOut } from "../reader.ts";
import { noteSavings, plainStep, textOf } from "./action-inputs.ts";
import type { ActionEffects, ActionUse } from "./action-use.ts";
import { chooseImage } from "./setup-image.ts";

const NAME = "astral-sh/setup-uv";
/** Keys that only say how much is written, or how the program is fetched. */
const NO_LOSS = [
  "quiet",
  "github-token",
  "ignore-nothing-to-cache",
  "ignore-empty-workdir",
  "add-problem-matchers",
];
const SAVES_TIME = ["cache-suffix", "cache-local-path", "prune-cache", "save-cache", "restore-cache"];

export function isUv(name: string): boolean {
  return name === NAME;
}

/** uv has images of its own; an image of Python takes it as a package. */
export function setupUv({ uses, given, scope, report }: ActionUse, effects: ActionEffects): void {
  const written = given?.peek("version") ?? null;
  const version = textOf(given, "version", scope, report);
  noteSavings(NAME, given, report);
  for (const key of [...NO_LOSS, ...SAVES_TIME]) given?.take(key);
  finish(given);
  const isLatest = version === null || version === "latest";
  if (!isLatest && !/^\d+\.\d+\.\d+$/.test(version)) {
    leftOut(
      report,
      written?.value.span ?? uses.value.span,
      "Of uv only whole versions are known; choose `image`",
    );
    return;
  }
  if (effects.image?.text.startsWith("python:") === true)
    effects.steps.push(plainStep(`pip install uv${isLatest ? "" : `==${version}`}`));
  else
    chooseImage(
      `ghcr.io/astral-sh/uv:${isLatest ? "" : `${version}-`}bookworm`,
      { span: uses.value.span, report },
      effects,
    );
}

function finish(given: KeyReader | null): void {
  given?.finish(`\`${NAME}\``, {
    "python-version": "chooses a Python; call `uv python pin` in a step",
    "activate-environment": "makes an environment; call `uv venv` in a step",
  });
}

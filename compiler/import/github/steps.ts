import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import type { StepDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import { convertCondition } from "./condition.ts";
import type { Scope } from "./expression.ts";
import { convertEnv, convertScript, convertText, predefinedEnv } from "./texts.ts";

/** Programs that run a step's script, and what they are called with. */
export const SHELLS: Readonly<Record<string, readonly string[]>> = {
  bash: ["bash", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
  python: ["python3", "-c"],
  pwsh: ["pwsh", "-Command"],
};

/** Images that hold what a setup action installs. */
const SETUPS: Readonly<
  Record<string, { readonly version: string; readonly image: string; readonly latest: string }>
> = {
  "actions/setup-node": { version: "node-version", image: "node", latest: "lts" },
  "actions/setup-python": { version: "python-version", image: "python", latest: "3" },
  "actions/setup-go": { version: "go-version", image: "golang", latest: "1" },
  "actions/setup-java": { version: "java-version", image: "eclipse-temurin", latest: "21" },
  "ruby/setup-ruby": { version: "ruby-version", image: "ruby", latest: "3" },
  "dtolnay/rust-toolchain": { version: "toolchain", image: "rust", latest: "1" },
};

export interface ConvertedSteps {
  readonly steps: readonly StepDraft[];
  /** The image that stands for a setup action; null without one. */
  readonly image: string | null;
  /** Names of the shells that steps ask for. */
  readonly shells: ReadonlySet<string>;
}

export function convertSteps(node: YamlNode | undefined, scope: Scope, report: Report): ConvertedSteps {
  const steps: StepDraft[] = [];
  const shells = new Set<string>();
  let image: string | null = null;
  for (const item of itemsOf(node)) {
    const map = mapOf(item);
    if (map === null) continue;
    const reader = new KeyReader(map, report);
    const uses = reader.take("uses");
    if (uses !== null) {
      const stands = actionImage(scalarText(uses.value) ?? "", uses.value, reader, scope, report);
      if (stands !== null && image !== null && stands !== image)
        leftOut(report, uses.value.span, `The image is ${quote(image)} already; this setup was left out`);
      image ??= stands;
      continue;
    }
    const step = runStep(reader, scope, shells, report);
    if (step !== null) steps.push(step);
  }
  return { steps, image, shells };
}

/** An action is known, becomes an image, or is told. */
function actionImage(
  uses: string,
  { span }: YamlNode,
  reader: KeyReader,
  scope: Scope,
  report: Report,
): string | null {
  const action = uses.split("@", 1)[0] ?? "";
  const given = reader.map("with");
  if (action === "actions/checkout") {
    given?.finish("`actions/checkout`");
    return null;
  }
  const setup = Object.hasOwn(SETUPS, action) ? SETUPS[action] : undefined;
  if (setup === undefined) {
    leftOut(report, span, `The action ${quote(uses)} has no counterpart, and its step was left out`);
    return null;
  }
  const written = given?.take(setup.version) ?? null;
  given?.finish(quote(action), { cache: "is not supported yet" });
  const version =
    written === null ? null : convertText(scalarText(written.value) ?? "", written.value.span, scope, report);
  const tag = version === null ? setup.latest : version.replace(/\.x$/, "").replace(/^lts\/\*$/, "lts");
  if (/^[\w.-]+$|^\$\{\{ [\w.-]+ \}\}$/.test(tag)) return `${setup.image}:${tag}`;
  leftOut(report, span, `No image is known for the version ${quote(tag)}; choose \`image\``);
  return null;
}

function runStep(reader: KeyReader, scope: Scope, shells: Set<string>, report: Report): StepDraft | null {
  const written = reader.take("run");
  const name = reader.take("name");
  const shell = scalarText(reader.node("shell"));
  const folder = reader.take("working-directory");
  const asked = convertCondition(reader.take("if"), scope, report);
  const env = convertEnv(reader.node("env"), scope, report);
  const minutes = Number(scalarText(reader.node("timeout-minutes")));
  const continues = booleanOf(reader.node("continue-on-error"));
  reader.take("id");
  reader.finish("a step");
  const text = scalarText(written?.value);
  if (written === null || text === null || text === "" || asked === null) return null;
  const { span } = written.value;
  const script = convertScript(text.replace(/\n$/, ""), span, scope, report);
  const path =
    folder === null ? "" : convertText(scalarText(folder.value) ?? "", folder.value.span, scope, report);
  if (script === null || path === null) {
    leftOut(report, written.keySpan, "This step was left out");
    return null;
  }
  if (shell !== null) shells.add(shell);
  const label =
    name === null ? null : convertText(scalarText(name.value) ?? "", name.value.span, scope, report);
  const all = { ...predefinedEnv(text, span, report), ...env, ...script.env };
  return {
    name: label === null || label === "" ? undefined : label.slice(0, 200),
    run: path === "" ? script.run : `cd '${path.replaceAll("'", `'\\''`)}'\n${script.run}`,
    env: all,
    if: asked.condition,
    timeout: Number.isInteger(minutes) && minutes > 0 ? `${minutes}m` : undefined,
    continue_on_error: continues === true ? true : undefined,
    always: asked.always ? true : undefined,
  };
}

/** The one shell of a job, as a program with its arguments. */
export function shellOf(
  names: ReadonlySet<string>,
  fallback: string | null,
  reader: KeyReader,
  report: Report,
): readonly string[] {
  const [own = fallback] = names;
  if (names.size > 1)
    changed(report, reader.span, `Steps ask for several shells; all of them run in ${quote(own ?? "")}`);
  if (own !== null && !Object.hasOwn(SHELLS, own))
    changed(report, reader.span, `The shell ${quote(own)} has no counterpart; steps run in bash`);
  return SHELLS[own ?? ""] ?? ["bash", "-e", "-c"];
}

import type { Span } from "../../../schemas/diagnostic.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import type { Env } from "../emit.ts";
import { changed, scalarText } from "../reader.ts";
import { type ConditionVariable, fixedVariable, repositoryVariables } from "./names.ts";
import { environmentOf, type ShellVariables, type Variable, VariableTexts } from "./variables.ts";

/** What the conditions and texts of one job, or of the file itself, may read. */
export interface Scope {
  readonly report: Report;
  /** `owner/name`; null when nobody said. */
  readonly repository: string | null;
  readonly texts: VariableTexts;
  /** A variable in a condition at this place. */
  readonly variable: (name: string, onlyWhenSet: boolean, span: Span) => ConditionVariable | null;
}

/** Names that the server gives; nobody else can set them. */
const OF_THE_SERVER = /^(?:CI|GITLAB|CHAT)(?:_|$)/;

/**
 * Variables of the whole file. One that a rule of the pipeline sets is among `vars`; one that a condition reads, or that
 * people are asked for, is an input, for there as here whoever starts the pipeline may give it; the rest is environment.
 */
export class FileVariables {
  readonly #repository: string | null;
  readonly #globals: ReadonlyMap<string, Variable>;
  readonly #set: ReadonlyMap<string, string>;
  readonly #given: Readonly<Record<string, string>>;
  readonly #inputs = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(
    globals: ReadonlyMap<string, Variable>,
    set: ReadonlySet<string>,
    read: ReadonlySet<string>,
    repository: string | null,
  ) {
    this.#repository = repository;
    this.#globals = globals;
    this.#given = repositoryVariables(repository);
    this.#set = new Map(Array.from(set, (name) => [name, globals.get(name)?.text ?? ""]));
    for (const [name, { text, description, options }] of globals)
      if (
        !set.has(name) &&
        !text.includes("$") &&
        (read.has(name) || description !== null || options.length > 0)
      )
        this.#inputs.set(name, {
          ...(description === null ? {} : { description: description.slice(0, 500) }),
          ...(options.length > 0 ? { options } : {}),
          default: options.length > 0 && !options.includes(text) ? options[0] : text,
        });
  }

  get inputs(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(this.#inputs);
  }

  get vars(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#set);
  }

  /** Variables that only a shell can make are added to `shell`. */
  env(report: Report, shell: ShellVariables): Env {
    const plain = new Map(
      [...this.#globals].filter(([name]) => !this.#set.has(name) && !this.#inputs.has(name)),
    );
    const read = this.#expressions();
    return { ...environmentOf(plain, this.#texts({}, new Map()), report, shell), ...read };
  }

  scope(
    own: ReadonlyMap<string, Variable>,
    given: Env,
    report: Report,
    takes: (name: string) => boolean,
  ): Scope {
    const texts = this.#texts(given, own, takes);
    const written = new Map([...own].map(([name, { text }]) => [name, text]));
    return {
      report,
      repository: this.#repository,
      texts,
      variable: (name, onlyWhenSet, span) => {
        const text = written.get(name) ?? (takes(name) ? undefined : "");
        return text === undefined || (text === "" && !written.has(name))
          ? this.#variable(name, onlyWhenSet, span, report)
          : fixedText(texts, text);
      },
    };
  }

  #texts(
    given: Env,
    own: ReadonlyMap<string, Variable>,
    takes: (name: string) => boolean = () => true,
  ): VariableTexts {
    const written = [...this.#globals].filter(([name]) => takes(name)).concat([...own]);
    const expressions = Object.entries(this.#expressions()).filter(([name]) => !own.has(name));
    return new VariableTexts(
      { ...this.#given, ...Object.fromEntries(expressions), ...given },
      new Map(written.map(([name, { text }]) => [name, text])),
    );
  }

  #expressions(): Env {
    return Object.fromEntries([
      ...Array.from(this.#set.keys(), (name) => [name, `\${{ vars.${name} }}`]),
      ...Array.from(this.#inputs.keys(), (name) => [name, `\${{ inputs.${name} }}`]),
    ]);
  }

  #variable(name: string, onlyWhenSet: boolean, span: Span, report: Report): ConditionVariable | null {
    const place = this.#set.has(name) ? "vars" : this.#inputs.has(name) ? "inputs" : null;
    if (place !== null) return { value: `${place}.${name}`, isSet: `${place}.${name} != ''` };
    const global = this.#globals.get(name);
    if (global !== undefined) return fixedText(this.#texts({}, new Map()), global.text);
    if (Object.hasOwn(this.#given, name)) return fixedVariable(this.#given[name] ?? "");
    if (name === "CI" || name === "GITLAB_CI") return fixedVariable("true");
    if (name === "CI_OPEN_MERGE_REQUESTS") {
      const message =
        "Whether a pushed branch has an open request is not known here: both of them start pipelines";
      changed(report, span, message);
      return fixedVariable("");
    }
    if (OF_THE_SERVER.test(name) || !onlyWhenSet) return null;
    const message = `\`$${name}\` is set in none of these files; it is an input here, empty unless who starts the pipeline gives it`;
    changed(report, span, message);
    this.#inputs.set(name, { default: "" });
    return { value: `inputs.${name}`, isSet: `inputs.${name} != ''` };
  }
}

/** A variable with a text of its own; null when that is known only when the pipeline runs. */
function fixedText(texts: VariableTexts, text: string): ConditionVariable | null {
  const filled = texts.expand(text);
  return filled === null || filled.includes("${{") ? null : fixedVariable(filled);
}

/** Names of variables that any condition reads. */
export function namesInConditions(root: YamlNode): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<YamlNode>();
  const visit = (node: YamlNode): void => {
    if (node.kind === "scalar" || seen.has(node)) return;
    seen.add(node);
    if (node.kind === "list") for (const item of node.items) visit(item);
    else
      for (const { key, value } of node.entries.values()) {
        const text = key === "if" ? (scalarText(value) ?? "") : "";
        for (const [, name = ""] of text.matchAll(/\$\{?([A-Za-z_]\w*)/g)) names.add(name);
        visit(value);
      }
  };
  visit(root);
  return names;
}

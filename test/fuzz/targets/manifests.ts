import { parseAllDocuments } from "yaml";
import { Unusable } from "../../../compiler/components/manifest-text.ts";
import { affectedComponents, discoverComponents } from "../../../compiler/components/index.ts";
import { type PlainYaml, readPlainYaml } from "../../../compiler/components/plain-yaml.ts";
import { changesBetween } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { bytesOf, type FuzzTarget, must, textOf } from "../target.ts";
import { MANIFESTS, SURROUNDINGS } from "./manifest-samples.ts";

/** One target for each manifest and lockfile: its bytes beside good ones of its neighbours. */
export const manifestTargets: readonly FuzzTarget[] = MANIFESTS.map(({ path, seeds, tokens }) => ({
  name: path,
  seeds: bytesOf(...seeds),
  tokens,
  read: (input) => discovered(path, input),
}));

/** The components must fit together, name lines that are there, and whatever could not be read must widen. */
function discovered(path: string, input: Uint8Array): unknown {
  const [base, head] = [treeOf(SURROUNDINGS), treeOf({ ...SURROUNDINGS, [path]: input })];
  const found = { base: discoverComponents(base), head: discoverComponents(head) };
  const { graph, unreadable, names } = found.head;
  const roots = new Set(graph.components.map(({ root }) => root));
  must(roots.size === graph.components.length, "two components have one root");
  for (const { from, to, place } of graph.edges) {
    must(roots.has(from) && roots.has(to), `an edge from ${from} to ${to} leads to no component`);
    if (place === null) continue;
    const lines = textOf(head.contents.get(place.file) ?? new Uint8Array()).split("\n").length;
    must(head.contents.has(place.file), `an edge names the file ${place.file}`);
    must(
      1 <= place.line && place.line <= lines && place.column >= 1,
      `${place.line}:${place.column} is no place`,
    );
  }
  const changes = changesBetween(base, head);
  const affected = affectedComponents({ ...found, changes });
  if (unreadable.length > 0 && changes.changed?.length !== 0) {
    must(affected.uncertain.length > 0, `${unreadable[0]?.path} cannot be read and nothing is in doubt`);
  }
  return { graph, unreadable, names, affected: affected.affected, uncertain: affected.uncertain };
}

/** The other reader takes long for long texts. */
const COMPARED_CHARACTERS_MAX = 1_000;

/** The reader of pnpm's and yarn's files against the `yaml` package, where both read a text. */
export const plainYamlTarget: FuzzTarget = {
  name: "plain-yaml",
  seeds: bytesOf(...MANIFESTS.flatMap(({ seeds, path }) => (/pnpm|yarn/.test(path) ? seeds : []))),
  tokens: [
    "- ",
    "? ",
    ": ",
    "\n",
    "  ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    "|\n",
    ">-\n",
    "# c",
    "---\n",
    "~",
    "&a",
    "!t",
  ],
  read(input) {
    const text = textOf(input);
    const ours = attempt(text);
    if (typeof ours === "string") {
      must(/^line \d+ /.test(ours), `it is refused without a line: ${ours}`);
      return ours;
    }
    if (text.length <= COMPARED_CHARACTERS_MAX && !/[\0\ufffd\u00a0\u2028\ufeff\uffff]/.test(text))
      compare(text, ours);
    return ours;
  },
};

function attempt(text: string): PlainYaml[] | string {
  try {
    return readPlainYaml(text);
  } catch (error) {
    if (error instanceof Unusable) return error.message;
    throw error;
  }
}

function compare(text: string, ours: PlainYaml[]): void {
  const documents = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: true, logLevel: "silent" });
  if (
    !Array.isArray(documents) ||
    documents.some(({ errors, warnings }) => errors.length + warnings.length > 0)
  )
    return;
  const theirs = documents
    .map((document) => shown(document.toJS({ mapAsMap: true })))
    .filter((value) => value !== null);
  const [left, right] = [JSON.stringify(ours.map(shown)), JSON.stringify(theirs)];
  must(left === right, `read as ${left}, not as ${right}`);
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map)
    return ["map", ...Array.from(value, ([key, item]) => [String(key ?? ""), shown(item)])];
  return value === "" ? null : value;
}

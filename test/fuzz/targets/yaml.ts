import { parseDocument } from "yaml";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { parseYaml } from "../../../compiler/yaml/index.ts";
import type { YamlNode } from "../../../compiler/yaml/nodes.ts";
import { bytesOf, type FuzzTarget, must, mustBePlaced, mustLieInside, textOf } from "../target.ts";

const FILE = "pipeline.yaml";
/** The other reader is slow and deep recursive; it is asked about short texts alone. */
const COMPARED_CHARACTERS_MAX = 600;

/** The YAML front: findings that lie in the text, and values as the `yaml` package reads them. */
export const yamlTarget: FuzzTarget = {
  name: "yaml",
  seeds: bytesOf(
    "version: 1\njobs:\n  a: &a { steps: [x, 'y', \"z\\n\"] }\n  b:\n    <<: *a\n    env: {A: 1, B: 0x1f, C: null}\n",
    "a: |\n  text\n   more\nb: >-\n  folded\n  text\n\n  end\nc: plain\n  goes on # comment\n? long\n: value\n",
    "---\n- 1\n- - a\n  - b: c\n    d: e\n- \"q\": [1, {x: y}, [z]]\n- 'it''s'\n...\n",
    "a: &x 1\nb: *x\nc: [*x, &y [a], *y]\nd: ~\ne: .inf\nf: 012\ng: 1e3\nh: true\n",
  ),
  tokens: [
    "- ",
    "? ",
    ": ",
    "\n",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&x ",
    "*x",
    "<<: ",
    "!t ",
    "|\n",
    ">-\n",
    "#c",
    "---\n",
    "...\n",
    "%Y 1\n",
  ],
  read(input) {
    const report = new Report();
    const node = parseYaml(FILE, input, report);
    const diagnostics = report.settle();
    const text = textOf(input);
    mustBePlaced(diagnostics, new Map([[FILE, text.length]]));
    must(node !== null || diagnostics.length > 0, "nothing was read and nothing said");
    if (node !== null) mustLieInsideAll(node, text.length);
    if (text.length <= COMPARED_CHARACTERS_MAX)
      compare(
        text,
        node,
        diagnostics.map(({ code }) => code),
      );
    return { node, diagnostics };
  },
};

function mustLieInsideAll(node: YamlNode, length: number): void {
  mustLieInside(node.span, length);
  if (node.kind === "list") for (const item of node.items) mustLieInsideAll(item, length);
  if (node.kind !== "map") return;
  for (const { keySpan, value } of node.entries.values()) {
    mustLieInside(keySpan, length);
    mustLieInsideAll(value, length);
  }
}

function compare(text: string, node: YamlNode | null, codes: readonly string[]): void {
  const document = parseDocument(text, {
    version: "1.2",
    merge: true,
    uniqueKeys: false,
    logLevel: "silent",
  });
  // Only what is refused for its grammar; all other refusals are stricter than YAML on purpose.
  if (codes.length === 1 && codes[0] === "DC1005") {
    must(document.errors.length > 0, "this is refused as no YAML, though it is");
  }
  if (codes.length > 0 || node === null || document.errors.length > 0) return;
  const [ours, theirs] = [
    JSON.stringify(plain(node)),
    JSON.stringify(comparable(document.toJS({ mapAsMap: true }))),
  ];
  must(ours === theirs, `read as ${ours}, not as ${theirs}`);
}

/** Entries in the order of their keys, as merged ones may stand in another. */
function plain(node: YamlNode): unknown {
  if (node.kind === "scalar") return scalar(node.value);
  if (node.kind === "list") return node.items.map(plain);
  return sorted(Array.from(node.entries.values(), ({ key, value }) => [key, plain(value)] as const));
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (!(value instanceof Map)) return scalar(value);
  return sorted(Array.from(value, ([key, item]) => [String(key), comparable(item)] as const));
}

function scalar(value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function sorted(entries: readonly (readonly [string, unknown])[]): unknown {
  return ["map", ...[...entries].sort(([a], [b]) => (a < b ? -1 : 1))];
}

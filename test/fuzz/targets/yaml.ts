import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "yaml";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { decodeText } from "../../../compiler/yaml/decode.ts";
import { parseText, parseYaml } from "../../../compiler/yaml/index.ts";
import { PIPELINE_ORIGIN, type YamlNode } from "../../../compiler/yaml/nodes.ts";
import { readOrdinary } from "../../../compiler/yaml/ordinary.ts";
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

/** The reader of ordinary YAML against the one of all of it: the same nodes at the same places, or none. */
export const ordinaryYamlTarget: FuzzTarget = {
  name: "yaml-ordinary",
  seeds: bytesOf(
    '# top\nversion: 1\n\non:\n  push: { branches: [main, \'release/*\'] }\njobs:\n  build: # first\n    image: "node:24"\n    timeout: 10m\n    steps:\n      - npm ci\n      - run: |\n          npm run build\n\n          npm test\n        if: ref.name == "main"\n    # of build\n  test:\n    needs: [build]\n    steps:\n    - run: |-\n        a\n    -\n      name: last\n      run: b\n',
    "a: |\n\n  text\n   more\n\n  end\n\n\nb: |-\n  no newline\nc: |+\n  kept\n\nd: ''\ne:\nf: ~\ng: -0.5\nh: a#b c:d\n",
    "- a\n- - b\n  - c: d\n    e: [1, {k: v, l: []}, 'it''s', \"q\\n\"]\n-\n  - f\n# end\n",
  ),
  tokens: [
    ..."- ;? ;: ;:;#; # c;\n;\n\n;  ;    ;\t;[;];{;};, ;,;|\n;|-\n;|+\n;>\n;'; \";''".split(";"),
    ..."- - ;a: ;  b: ;\n- ;\nc:\n;0x1f;1e3;.inf;null;~;-;+1;01;<<: ;*a;&a ;!t;---;...;\\;\u00a0;\ufeff;\r\n".split(
      ";",
    ),
  ],
  read(input) {
    const report = new Report();
    const text = decodeText(FILE, input, report);
    const ordinary = text === null ? null : readOrdinary(FILE, text, PIPELINE_ORIGIN);
    if (text === null || ordinary === null || ordinary.kind === "too many") return null;
    const whole = parseText(FILE, text, PIPELINE_ORIGIN, report);
    const [finding] = report.settle();
    must(finding === undefined, `it is read although it has a finding: ${finding?.message}`);
    must(isDeepStrictEqual(ordinary, whole), "the two readers make different nodes of it");
    return ordinary;
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
    const { errors, warnings } = document;
    // An anchor that ends in a colon is a warning there and refused here: it was meant as a key.
    must(errors.length + warnings.length > 0, "this is refused as no YAML, though it is");
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

/** A repository with every manager, in which one file at a time is replaced. */
export const SURROUNDINGS: Readonly<Record<string, string>> = {
  "package.json": '{"name":"root","workspaces":["p/*"]}',
  "p/a/package.json": '{"name":"a","version":"1.0.0","dependencies":{"b":"workspace:*","ms":"^2.0.0"}}',
  "p/b/package.json": '{"name":"b","version":"1.0.0","devDependencies":{"ms":"^2.0.0"}}',
  "Cargo.toml": '[workspace]\nmembers = ["c/*"]\n',
  "c/x/Cargo.toml": '[package]\nname = "x"\n[dependencies]\ny = { path = "../y" }\nserde = "1"\n',
  "c/y/Cargo.toml": '[package]\nname = "y"\n',
  "go.mod": "module example.org/top\n\ngo 1.22\n",
  "g/go.mod":
    "module example.org/top/g\n\nrequire example.org/top v0.0.0\n\nreplace example.org/top => ../\n",
  "pom.xml": "<project><artifactId>m</artifactId><modules><module>m/a</module></modules></project>",
  "m/a/pom.xml": "<project><artifactId>ma</artifactId></project>",
  "pyproject.toml": '[tool.uv.workspace]\nmembers = ["py/*"]\n',
  "py/a/pyproject.toml":
    '[project]\nname = "pa"\ndependencies = ["pb"]\n[tool.uv.sources]\npb = { workspace = true }\n',
  "py/b/pyproject.toml": '[project]\nname = "pb"\n',
};

interface ManifestSample {
  readonly path: string;
  readonly seeds: readonly string[];
  readonly tokens: readonly string[];
}

const JSON_TOKENS = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "null",
  "true",
  "1e9",
  "\\u0041",
  '"workspaces"',
  '"*"',
  '"!x"',
  '"link:../b"',
];
const YAML_TOKENS = [
  "- ",
  "? ",
  ": ",
  "\n",
  "  ",
  "'",
  '"',
  "|\n",
  "---\n",
  "link:../b",
  "workspace:*",
  "#",
  "&a ",
  "<<: ",
];
const TOML_TOKENS = [
  "[",
  "]",
  "[[",
  "]]",
  "=",
  '"',
  "'",
  '"""',
  ".",
  "{",
  "}",
  "\n",
  "#",
  "true",
  "path",
  "workspace",
  "1979-05-27",
];
const GO_TOKENS = [
  "require ",
  "(",
  ")",
  "replace ",
  "=>",
  "use ",
  "./g",
  "//",
  "\n",
  " v1.0.0",
  "module ",
  "`",
  '"',
];
const XML_TOKENS = [
  "<",
  ">",
  "</",
  "/>",
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "&amp;",
  "&#x41;",
  "<?xml?>",
  "<!DOCTYPE a>",
  "<module>",
  "<parent>",
];

export const MANIFESTS: readonly ManifestSample[] = [
  {
    path: "package.json",
    seeds: [
      SURROUNDINGS["package.json"] ?? "",
      '{\n  "name": "root",\n  "workspaces": { "packages": ["p/*", "!p/c"] },\n  "dependencies": { "a": "file:p/a", "b": "*" },\n  "packageManager": "yarn@4.1.0"\n}\n',
    ],
    tokens: JSON_TOKENS,
  },
  {
    path: "p/a/package.json",
    seeds: [
      SURROUNDINGS["p/a/package.json"] ?? "",
      '{"name":"a","optionalDependencies":{"b":"link:../b"},"peerDependencies":{"b":">=1"}}',
    ],
    tokens: JSON_TOKENS,
  },
  {
    path: "pnpm-workspace.yaml",
    seeds: [
      "packages:\n  - 'p/*'\n  - '!p/c'\ncatalog:\n  ms: ^2.0.0\n",
      "packages: [p/*]\noverrides: { ms: 2.0.0 }\n",
    ],
    tokens: YAML_TOKENS,
  },
  {
    path: "pnpm-lock.yaml",
    seeds: [
      "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .: {}\n\n  p/a:\n    dependencies:\n      b:\n        specifier: workspace:*\n        version: link:../b\n      ms:\n        specifier: ^2.0.0\n        version: 2.1.3\n\npackages:\n\n  ms@2.1.3:\n    resolution: {integrity: sha512-x}\n    engines: {node: '>=10'}\n\nsnapshots:\n\n  ms@2.1.3: {}\n",
      "lockfileVersion: 5.4\nimporters:\n  p/a:\n    specifiers:\n      ms: ^2.0.0\n    dependencies:\n      ms: 2.1.3\npackages:\n  /ms/2.1.3:\n    resolution: {integrity: sha512-x}\n    dev: false\n",
    ],
    tokens: YAML_TOKENS,
  },
  {
    path: "package-lock.json",
    seeds: [
      '{"lockfileVersion":3,"packages":{"":{"workspaces":["p/*"]},"p/a":{"dependencies":{"ms":"^2.0.0"}},"node_modules/a":{"resolved":"p/a","link":true},"node_modules/ms":{"version":"2.1.3","integrity":"sha512-x"}}}',
      '{"lockfileVersion":1,"dependencies":{"ms":{"version":"2.1.3","requires":{"a":"1"},"dependencies":{}}}}',
    ],
    tokens: JSON_TOKENS,
  },
  {
    path: "yarn.lock",
    seeds: [
      '# yarn lockfile v1\n\n\nms@^2.0.0, "ms@^2.1.0":\n  version "2.1.3"\n  resolved "https://r.example/ms-2.1.3.tgz#abc"\n  integrity sha512-x\n  dependencies:\n    b "1"\n',
      '__metadata:\n  version: 8\n\n"a@workspace:p/a":\n  version: 0.0.0-use.local\n  resolution: "a@workspace:p/a"\n  dependencies:\n    ms: "npm:^2.0.0"\n  languageName: unknown\n  linkType: soft\n\n"ms@npm:^2.0.0":\n  version: 2.1.3\n  resolution: "ms@npm:2.1.3"\n  checksum: 10/x\n  linkType: hard\n',
    ],
    tokens: [...YAML_TOKENS, "npm:", "@", "__metadata:\n", "  version ", "patch:"],
  },
  {
    path: ".yarnrc.yml",
    seeds: [
      "nodeLinker: node-modules\nenableScripts: false\npackageExtensions:\n  'a@*':\n    dependencies: { b: '1' }\n",
    ],
    tokens: YAML_TOKENS,
  },
  {
    path: "Cargo.toml",
    seeds: [
      SURROUNDINGS["Cargo.toml"] ?? "",
      '[package]\nname = "root"\nversion.workspace = true\n\n[workspace]\nmembers = ["c/*"]\nexclude = ["c/z"]\n\n[workspace.dependencies]\ny = { path = "c/y" }\n\n[target.\'cfg(unix)\'.dependencies]\ny.workspace = true\n\n[patch.crates-io]\nserde = { path = "c/x" }\n',
    ],
    tokens: TOML_TOKENS,
  },
  {
    path: "Cargo.lock",
    seeds: [
      'version = 3\n\n[[package]]\nname = "x"\nversion = "0.1.0"\ndependencies = [\n "serde",\n "y 0.1.0",\n]\n\n[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = "registry+https://r.example"\nchecksum = "abc"\n\n[[package]]\nname = "y"\nversion = "0.1.0"\n',
    ],
    tokens: TOML_TOKENS,
  },
  {
    path: "go.mod",
    seeds: [
      "module example.org/top\n\ngo 1.22\n\nrequire (\n\texample.org/top/g v1.0.0 // indirect\n\tgolang.org/x/text v0.3.0\n)\n\nreplace example.org/top/g => ./g\n",
    ],
    tokens: GO_TOKENS,
  },
  {
    path: "go.work",
    seeds: ["go 1.22\n\nuse (\n\t.\n\t./g\n)\n\nreplace golang.org/x/text v0.3.0 => ./g\n", "use ./g\n"],
    tokens: GO_TOKENS,
  },
  {
    path: "go.sum",
    seeds: ["golang.org/x/text v0.3.0 h1:abc=\ngolang.org/x/text v0.3.0/go.mod h1:def=\n"],
    tokens: GO_TOKENS,
  },
  {
    path: "pom.xml",
    seeds: [
      '<?xml version="1.0"?>\n<project xmlns="u">\n  <groupId>g</groupId><artifactId>m</artifactId><version>1</version>\n  <!-- note -->\n  <modules><module>m/a</module></modules>\n  <dependencies><dependency><groupId>g</groupId><artifactId>ma</artifactId><scope>test</scope></dependency></dependencies>\n  <name><![CDATA[a & b]]></name>\n</project>\n',
    ],
    tokens: XML_TOKENS,
  },
  {
    path: "py/a/pyproject.toml",
    seeds: [
      SURROUNDINGS["py/a/pyproject.toml"] ?? "",
      '[tool.poetry]\nname = "pa"\n[tool.poetry.dependencies]\npython = "^3.12"\npb = { path = "../b", develop = true }\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n',
      '[project]\nname = "pa"\ndependencies = ["pb>=1; python_version < \'3.9\'", "x[y] @ file:../b"]\n[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n[project.optional-dependencies]\nz = ["pb"]\n',
    ],
    tokens: TOML_TOKENS,
  },
  {
    path: "uv.lock",
    seeds: [
      'version = 1\nrequires-python = ">=3.12"\n\n[manifest]\nmembers = ["pa", "pb"]\n\n[[package]]\nname = "pa"\nversion = "0.1.0"\nsource = { editable = "py/a" }\ndependencies = [\n    { name = "pb" },\n    { name = "six", marker = "x" },\n]\n\n[[package]]\nname = "six"\nversion = "1.16.0"\nsource = { registry = "https://r.example" }\n\n[[package]]\nname = "pb"\nsource = { editable = "py/b" }\n',
    ],
    tokens: TOML_TOKENS,
  },
];

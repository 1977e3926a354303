import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";
import { shapeValidatorPlugin } from "./rolldown.shape-validator.ts";

/**
 * Three builds into dist/. The CLI is bundled with its packages into an entry, the command map and
 * shared chunks, because starting fast is a matter of few files. Everything the CLI starts as a
 * server keeps its layout, one file per module, so that paths relative to a module stay true. The
 * runner is one file with nothing beside it, as it runs inside other people's images.
 */
const SERVER_DOORS = /^(?:\.\.\/)+((?:control-plane\/(?:main|config)|nomad\/index)\.ts)$/;
const BEYOND_ASCII = /[\u0080-\uffff]/g;
const MODULE_URL = /new URL\(("\.[^"]*)\.ts"/g;

const serverDoors: Plugin = {
  name: "server-doors",
  resolveId(source) {
    const door = SERVER_DOORS.exec(source)?.[1];
    return door === undefined ? null : { id: `../${door.replace(/\.ts$/, ".js")}`, external: true };
  },
};

/** A module that starts another by its URL names the built one. */
const moduleUrls: Plugin = {
  name: "module-urls",
  transform: (code) => (MODULE_URL.test(code) ? code.replaceAll(MODULE_URL, 'new URL($1.js"') : null),
};

/** What is loaded together stands in one file: to find, open and link a file takes longer than to read it. */
const TOGETHER = [
  chunk("start", ["cli/(exit-codes|interruption|output|terminal-text)", "schemas/limits"]),
  chunk("changes", [
    "cli/(failure|read-[a-z-]+|repository|talk-diagnostics)",
    "compiler/(catalogue|components|globs)/",
    "compiler/(diagnostics/(quote|source-text|suggest)|input|input-texts|paths|pinned|unreachable)",
    "compiler/plan/(discovered-alone|wanted-contents)",
    // Files of other repositories are read by what reads pipelines, which `affected` mostly does without.
    "control-plane/git/(?!mirror|upload|forget|(complete-)?pinned)",
    "schemas/diagnostic-codes",
  ]),
];

function chunk(name: string, modules: readonly string[]) {
  return { name, test: new RegExp(`/(${modules.map((module) => `(${module})`).join("|")})`) };
}

/** Text with one character beyond Latin-1 is kept in two bytes for each of its characters, and read more slowly. */
const inAscii: Plugin = {
  name: "in-ascii",
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") file.code = file.code.replaceAll(BEYOND_ASCII, escaped);
    }
  },
};

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const BUILTIN_IMPORT = /^import (\{[^}]*\}) from "(node:[a-z0-9_/]+)";$/gm;

/** Node asks a module of its own that is imported for all it exports, and loads much to answer that nobody asked for. */
const plainBuiltins: Plugin = {
  name: "plain-builtins",
  renderChunk: (code) =>
    code.replaceAll(
      BUILTIN_IMPORT,
      (_, names: string, module: string) =>
        `const ${names.replaceAll(" as ", ": ")} = process.getBuiltinModule("${module}");`,
    ),
};

const assets: Plugin = {
  name: "assets",
  buildStart() {
    rmSync("dist", { recursive: true, force: true });
    mkdirSync("dist/runner", { recursive: true });
    for (const file of globSync("{control-plane,nomad,schemas}/**/*.*")) {
      if (!file.endsWith(".ts")) cpSync(file, `dist/${file}`);
    }
    // The control plane finds the launcher beside itself, in the built layout as in the sources.
    writeFileSync("dist/runner/delta-runner.js", 'await import("./main.js");\n');
  },
};

export default defineConfig([
  {
    input: Object.fromEntries(
      globSync("{control-plane,compiler,nomad,schemas}/**/*.ts").map((file) => [
        file.replace(/\.ts$/, ""),
        file,
      ]),
    ),
    platform: "node",
    // Packages stay packages; what the bundler itself adds to a module is its own to bring.
    external: /^(?!@oxc-project\/)[^./\0]/,
    plugins: [assets, moduleUrls, shapeValidatorPlugin],
    output: { dir: "dist", format: "esm", preserveModules: true, preserveModulesRoot: "." },
  },
  {
    input: { main: "runner/main.ts" },
    platform: "node",
    output: { dir: "dist/runner", format: "esm", codeSplitting: false },
  },
  {
    input: { main: "cli/main.ts", commands: "cli/commands.ts" },
    platform: "node",
    // No module of ours does anything by being loaded, so a door brings along only what is asked of it.
    treeshake: {
      moduleSideEffects: [
        { test: /\/node_modules\//, sideEffects: true },
        { external: true, sideEffects: true },
        { test: /./, sideEffects: false },
      ],
    },
    plugins: [serverDoors, shapeValidatorPlugin, plainBuiltins, inAscii],
    output: {
      dir: "dist/cli",
      format: "esm",
      minify: "dce-only",
      chunkFileNames: "[name]-[hash].js",
      codeSplitting: { includeDependenciesRecursively: false, groups: TOGETHER },
    },
  },
]);

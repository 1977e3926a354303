import { compile, type CompileInput } from "../../../compiler/index.ts";
import { eventFlags, eventFromFlags, parseEventFlags } from "../../../compiler/event-flags.ts";
import { isGlobProblem, matchesGlob, parseGlob } from "../../../compiler/globs/index.ts";
import { encodePath } from "../../../compiler/paths.ts";
import { parseRawDiff } from "../../../control-plane/git/diff.ts";
import { allowedTransport, MirrorError } from "../../../control-plane/git/mirror-transport.ts";
import { decodeRecords } from "../../../control-plane/git/records.ts";
import { changeSet } from "../compiler/changes-between.ts";
import { treeOf } from "../compiler/tree-snapshot.ts";
import { testEvent } from "../plans.ts";
import { CRAFTED_GLOBS, REFUSED_GLOBS } from "./globs.ts";
import { hostileChanges } from "./changes.ts";
import { CPU_MS_MAX, type HostileCase, type HostileText, lines } from "./hostile-case.ts";
import { hostileManifests } from "./manifests.ts";
import { FORBIDDEN_ADDRESSES, HOSTILE_PATHS, HOSTILE_REFS } from "./names.ts";
import { HOSTILE_PIPELINES } from "./pipelines.ts";
import { HOSTILE_YAML } from "./yaml-texts.ts";

/** Bad input for each door that takes what a stranger wrote, with the answer it must get. */
export function hostileCorpus(): readonly HostileCase[] {
  return [
    ...[...HOSTILE_YAML, ...HOSTILE_PIPELINES].map(pipelineCase),
    ...REFUSED_GLOBS.map(([name, glob, code]) => globCase(name, glob, code)),
    ...REFUSED_GLOBS.map(([name, glob, code]) =>
      pipelineCase({
        name: `${name}, in a pipeline`,
        text: `version: 1\njobs: { j: { steps: [a], changes: [${JSON.stringify(glob)}] } }`,
        // A list of nothing is refused by its shape already.
        code: glob === "" ? "DC1106" : code,
      }),
    ),
    pipelineCase({
      name: "G7 exclusions alone",
      text: `version: 1\njobs: { j: { steps: [a], changes: ["!a", "!b/**"] } }`,
      code: "DC1506",
    }),
    ...CRAFTED_GLOBS.map(([name, glob, path]) => matchCase(name, glob, path)),
    ...HOSTILE_PATHS.map(([name, bytes]) => pathCase(name, bytes)),
    ...HOSTILE_REFS.map(refCase),
    ...FORBIDDEN_ADDRESSES.map(addressCase),
    ...hostileManifests(),
    ...hostileChanges(),
  ];
}

/** A valid pipeline about as large as one file may be, compiled: what `"whole"` compares with. */
export function compileLargestFile(): void {
  const jobs = lines(
    4_500,
    (index) =>
      `  job-${index}:\n    changes: ["src/part-${index}/**"]\n    steps: [make part-${index}, make test]`,
  );
  const { plan } = compile({ ...inputOf(`version: 1\njobs:\n${jobs}\n`), limits: { jobs: 10_000 } });
  if (plan === null) throw new Error("the pipeline to compare with has errors");
}

/** What a planning process has done before it meets anything hostile. */
export function planSmallPipeline(): void {
  if (compile(inputOf("version: 1\njobs: { a: { steps: [make] } }\n")).plan === null)
    throw new Error("the small pipeline has errors");
}

function pipelineCase({ name, text, code, bound = CPU_MS_MAX }: HostileText): HostileCase {
  const prepare = () => {
    const input = inputOf(text);
    return () => compile(input).diagnostics.map((diagnostic) => diagnostic.code);
  };
  return { name, expected: code, bound, prepare };
}

function globCase(name: string, text: string, expected: string): HostileCase {
  const prepare = () => (): string[] => {
    const glob = parseGlob(text);
    return isGlobProblem(glob) ? [glob.code] : [];
  };
  return { name, expected, bound: CPU_MS_MAX, prepare };
}

function matchCase(name: string, text: string, path: string): HostileCase {
  const prepare = () => (): string[] => {
    const glob = parseGlob(text);
    if (isGlobProblem(glob)) return [glob.code];
    return [matchesGlob(glob, path, { left: Number.MAX_SAFE_INTEGER }) ? "matches" : "does not match"];
  };
  return { name: `${name}, matched`, expected: "does not match", bound: CPU_MS_MAX, prepare };
}

/** A path comes as bytes in an answer of git and stands for the same bytes afterwards. */
function pathCase(name: string, bytes: Uint8Array): HostileCase {
  const header = `:100644 100644 ${"a".repeat(40)} ${"b".repeat(40)} M`;
  const answer = Buffer.concat([Buffer.from(header), Buffer.of(0), bytes, Buffer.of(0)]);
  const prepare = () => (): string[] => {
    const changes = parseRawDiff(decodeRecords(answer)) ?? [];
    const kept = changes.length === 1 && Buffer.from(encodePath(changes[0]?.path ?? "")).equals(bytes);
    return [kept ? "kept" : "changed"];
  };
  return { name, expected: "kept", bound: CPU_MS_MAX, prepare };
}

/** A ref becomes flags of a command and is the same ref when they are read back. */
function refCase(ref: string): HostileCase {
  const event = { ...testEvent(), ref };
  const prepare = () => (): string[] => {
    const flags = parseEventFlags(eventFlags(event));
    const again = typeof flags === "string" ? flags : eventFromFlags(flags);
    return [typeof again === "object" && again.ref === ref ? "kept" : "changed"];
  };
  return { name: `W7 the ref ${ref.slice(0, 40)}`, expected: "kept", bound: CPU_MS_MAX, prepare };
}

function addressCase(address: string): HostileCase {
  const prepare = () => (): string[] => {
    try {
      allowedTransport(address, { plainHttpHosts: ["127.0.0.1:1"], localPaths: false });
      return ["allowed"];
    } catch (error) {
      return [error instanceof MirrorError ? error.kind : String(error)];
    }
  };
  return { name: `P7 the address ${address}`, expected: "forbidden", bound: CPU_MS_MAX, prepare };
}

function inputOf(text: string | Uint8Array): CompileInput {
  const head = treeOf({ ".delta/pipeline.yaml": text });
  const request = { jobs: [], all: false };
  return { head, base: head, changes: changeSet([]), event: testEvent(), compilerVersion: "0", request };
}

import { createHash } from "node:crypto";
import serialize from "canonicalize";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import { PlaceFinder, textsOf } from "../diagnostics/index.ts";
import { quote } from "../diagnostics/quote.ts";
import { Report } from "../diagnostics/report.ts";
import { lowerPolicies } from "../language/lower-policies.ts";
import { mapOf } from "../language/read.ts";
import { checkShape } from "../language/shape.ts";
import { parseYaml } from "../yaml/index.ts";
import { PIPELINE_ORIGIN, type YamlMap } from "../yaml/nodes.ts";
import type { OperatorPolicy, PolicyDocument } from "./model.ts";

/** What a policy file may say: the part of a pipeline that is about limits. */
const KEYS = ["version", "policies"];

export interface ReadPolicy {
  /** Null when there is an error among the diagnostics. */
  readonly policy: OperatorPolicy | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the operators' policy. `file` is how its places are named; it is no part of the digest. */
export function readPolicy(file: string, bytes: Uint8Array): ReadPolicy {
  const report = new Report();
  const node = parseYaml(file, bytes, report, PIPELINE_ORIGIN);
  const root = mapOf(node);
  if (node !== null) checkShape(node, report);
  if (root !== null) checkRest(root, report);
  const places = new PlaceFinder(textsOf(new Map([[file, bytes]])));
  const document =
    root &&
    lowerPolicies(root, report, (span) => ({ by: "operators", place: places.place(file, span.start) }));
  const policy = document === null || report.hasErrors ? null : { digest: policyDigest(document), document };
  return { policy, diagnostics: report.settle() };
}

function checkRest(root: YamlMap, report: Report): void {
  for (const { key, keySpan } of root.entries.values()) {
    if (KEYS.includes(key) || key.startsWith("x-")) continue;
    report.add("DC1101", keySpan, `A policy holds \`version\` and \`policies\`, not ${quote(key)}`);
  }
}

/** The values alone: two files that say the same are the same policy. */
function policyDigest({ runs, jobs }: PolicyDocument): string {
  const values = (part: object): object =>
    Object.fromEntries(
      Object.entries(part).map(([key, bound]) => [key, (bound as { value: unknown } | null)?.value ?? null]),
    );
  const text = serialize({ runs: values(runs), jobs: values(jobs) }) ?? "";
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

import { readFile } from "node:fs/promises";
import { string } from "@oclif/core/flags";
import type { OperatorPolicy } from "../compiler/index.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";

/** The operators' policy. A control plane reads its own from the file that the same variable names. */
export const policyFlag = {
  policy: string({
    summary: "File with the operators' policy to keep to; also DELTA_POLICY_FILE.",
    helpValue: "FILE",
    env: "DELTA_POLICY_FILE",
  }),
};

/** The policy that the flags name; null without one. Throws `file_unreadable`, or `policy_invalid` with what is wrong. */
export async function policyOf({
  policy: file,
}: {
  readonly policy?: string | undefined;
}): Promise<OperatorPolicy | null> {
  if (file === undefined) return null;
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CliFailure(
      "file_unreadable",
      `cannot read the policy ${file}: ${fileFault(error)}`,
      null,
      error,
    );
  });
  const { readPolicy } = await import("../compiler/index.ts");
  const { formatHuman } = await import("../compiler/diagnostics/format-human.ts");
  const { textsOf } = await import("../compiler/diagnostics/source-text.ts");
  const { policy, diagnostics } = readPolicy(file, bytes);
  if (policy !== null) return policy;
  const found = formatHuman(diagnostics, textsOf(new Map([[file, bytes]])));
  throw new CliFailure("policy_invalid", `the policy ${file} is not usable:\n${found}`);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

export const DIAGNOSTICS_PAGE = readFileSync(
  join(import.meta.dirname, "../../../docs/diagnostics.md"),
  "utf8",
);

/** The examples in docs/diagnostics.md of the codes that match; one marked `ok` does not raise its code. */
export function diagnosticExamples(codes: RegExp) {
  return DIAGNOSTICS_PAGE.split(/^### /m)
    .filter((section) => codes.test(section))
    .flatMap((section) => {
      const code = section.slice(0, "DC0000".length);
      const blocks = section.matchAll(/^```yaml( ok)?\n([\s\S]*?)^```$/gm);
      return Array.from(blocks, ([, ok, yaml = ""], index) => ({
        title: `${code} example ${index + 1}`,
        code,
        isOk: ok !== undefined,
        yaml,
      }));
    });
}

import { afterEach, describe, expect, test } from "vitest";
import { RunnerWorld } from "../../support/runner-world.ts";
import { ranJob } from "./ran-job.ts";

/** The lines that stand for GitHub's files of outputs and variables, run by our own runner in real shells. */
const world = new RunnerWorld();
afterEach(() => world.cleanUp());

const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ["sh", ["sh", "-e", "-c"]],
  ["bash that minds pipes", ["bash", "-eo", "pipefail", "-c"]],
];

/** What a job prints, step by step, and how it ended. Its steps are GitHub's, as YAML. */
function ran(shell: readonly string[], steps: string, more = "") {
  return ranJob(world, shell, steps, more);
}

const WRITE = `- id: one
  run: |
    echo "plain=a=b c" >> "$GITHUB_OUTPUT"
    {
      echo "text<<END OF IT"
      echo "it's \\"first\\" \\$HOME \\\`x\\\`"
      echo ""
      echo "EOF"
      echo "last  "
      echo "END OF IT"
    } >> "$GITHUB_OUTPUT"
    printf 'twice=1\\ntwice=2\\nbare' >> "$GITHUB_OUTPUT"`;

describe.each(SHELLS)("in %s", (_, shell) => {
  test("outputs of a step are read as they were written, quotes and lines and all", async () => {
    const { printed, outcome } = await ran(
      shell,
      `${WRITE}
- run: |
    printf '[%s]' "\${{ steps.one.outputs.plain }}" "\${{ steps.one.outputs.text }}" '\${{ steps.one.outputs.twice }}' "\${{ steps.one.outputs.none }}"
- env: { JOINED: "<\${{ steps.one.outputs.plain }}>'s" }
  run: printf '%s' "$JOINED"`,
    );
    expect(outcome).toBe("succeeded");
    const text = 'it\'s "first" $HOME `x`\n\nEOF\nlast  ';
    expect(printed[1]).toBe(`[a=b c][${text}][2][]`);
    expect(printed[2]).toBe("<a=b c>'s");
  });

  test("a value stands where it is filled in as text, whatever quotes are around it", async () => {
    const { printed, outcome } = await ran(
      shell,
      `- { id: one, run: "printf 'v=a$(echo code)b\\\\n' >> \\"$GITHUB_OUTPUT\\"" }
- run: |
    # it's \${{ steps.one.outputs.v }}
    printf '[%s]' '\${{ steps.one.outputs.v }}' "\${{ steps.one.outputs.v }}" "$(printf '%s' '\${{ steps.one.outputs.v }}')"
    cat <<EOF
    \${{ steps.one.outputs.v }}
    EOF`,
    );
    expect(outcome).toBe("succeeded");
    const value = "a$(echo code)b";
    expect(printed[1]).toBe(`[${value}][${value}][${value}]${value}\n`);
  });

  test("variables and folders that a step writes are there for the steps after it", async () => {
    const { printed, outcome } = await ran(
      shell,
      `- run: |
    echo "A=one = 'two'" >> "$GITHUB_ENV"
    printf 'B<<E\\nfirst\\nsecond\\nE\\n' >> "$GITHUB_ENV"
    printf 'OWN=from the file\\nnot-a-name=x' >> "$GITHUB_ENV"
    mkdir -p tools; printf '#!/bin/sh\\necho tool' > tools/its-tool; chmod +x tools/its-tool
    echo "$PWD/tools" >> "$GITHUB_PATH"
    printf '[%s]' "\${A:-unset}"
- { env: { OWN: own }, run: "printf '[%s]' \\"$A\\" \\"$B\\" \\"$OWN\\" \\"$JOBS\\"; its-tool" }
- { run: "printf '[%s]' \\"$OWN\\"" }`,
      "    env: { JOBS: kept, A: before }\n",
    );
    expect(outcome).toBe("succeeded");
    expect(printed).toEqual(["[before]", "[one = 'two'][first\nsecond][own][kept]tool\n", "[from the file]"]);
  });

  test("outputs of the job are handed on, also of a job that failed", async () => {
    const job = "    outputs: { n: '${{ steps.one.outputs.plain }}', none: '${{ steps.one.outputs.no }}' }\n";
    const { outcome, outputs } = await ran(shell, `${WRITE}\n- run: exit 3`, job);
    expect({ outcome, outputs }).toEqual({ outcome: "failed", outputs: { n: "a=b c", none: "" } });
  });

  test("an output of several lines ends the job before it becomes another one's", async () => {
    const job = "    outputs: { t: '${{ steps.one.outputs.text }}' }\n";
    const { printed, outcome, outputs } = await ran(shell, WRITE, job);
    expect({ outcome, outputs }).toEqual({ outcome: "failed", outputs: undefined });
    expect(printed[1]).toContain("the output t has several lines");
  });
});

test("steps of other shells run in theirs, each in its own folder", async () => {
  const { printed, outcome } = await ran(
    ["bash", "-e", "-c"],
    `- { id: one, run: 'mkdir -p sub/folder; echo "v=it''s" >> "$GITHUB_OUTPUT"' }
- { shell: bash, run: 'set -o | grep pipefail' }
- { run: 'set -o | grep pipefail' }
- { shell: 'bash -u {0}', run: 'echo "\${{ steps.one.outputs.v }} $-"' }
- { shell: sh, working-directory: sub/folder, run: 'echo "$(basename "$PWD") it''s ''here''"' }`,
  );
  expect(outcome, printed.join()).toBe("succeeded");
  expect(printed.slice(1)).toEqual([
    expect.stringMatching(/^pipefail\s+on\n$/),
    expect.stringMatching(/^pipefail\s+off\n$/),
    expect.stringMatching(/^it's \w*u\w*\n$/),
    "folder it's 'here'\n",
  ]);
});

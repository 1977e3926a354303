import { readFileSync } from "node:fs";
import { join } from "node:path";

const GUIDE = join(import.meta.dirname, "../../../docs/operate/nomad.md");

/** The commands of each block of the operators' guide, by the heading they stand under and their number there. */
export function guideSteps(): ReadonlyMap<string, readonly string[]> {
  const steps = new Map<string, string[]>();
  let heading = "";
  let number = 0;
  let block: string[] | null = null;
  for (const line of readFileSync(GUIDE, "utf8").split("\n")) {
    const text = line.trim();
    if (text.startsWith("## ")) {
      heading = text.slice(3);
      number = 0;
    } else if (text === "```console") {
      number += 1;
      block = [];
      steps.set(`${heading} ${number}`, block);
    } else if (text === "```") {
      block = null;
    } else if (block !== null) {
      if (!text.startsWith("$ ")) throw new Error(`"${text}" in a block of commands is none`);
      block.push(text.slice(2));
    }
  }
  return steps;
}

/** The configuration file that the guide shows. */
export function guideConfig(): string {
  const text = /```json\n([^]*?)```/.exec(readFileSync(GUIDE, "utf8"))?.[1];
  if (text === undefined) throw new Error("the guide shows no configuration file");
  return text;
}

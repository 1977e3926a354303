import { compileGrowth } from "./compile.ts";
import { globMatching } from "./globs.ts";
import { webhookToFirstStep } from "./webhook-to-first-step.ts";

/** `npm run bench [NAME...]`: each prints its figures; ratios are of one run on one machine. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  compile: compileGrowth,
  globs: globMatching,
  "webhook-to-first-step": webhookToFirstStep,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}\n`);
  process.exitCode = 2;
} else {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length === 0 || names.includes(name)) await bench();
  }
}

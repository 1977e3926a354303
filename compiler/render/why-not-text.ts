import { displayText } from "../diagnostics/quote.ts";
import type { WhyNot } from "../plan/why-not.ts";
import { counted, named } from "../selection/sentence.ts";
import { placeText } from "./explain-text.ts";
import { shellCommand } from "./shell-command.ts";
import { styler } from "./text-style.ts";

/** Ways shown; they are alternatives of one kind, and the first is as good as any. */
const WAYS_SHOWN = 3;

/** Decisions told, where a job has many instances. */
const INSTANCES_SHOWN = 5;

/** Why a job does not run, and what would run it. */
export function renderWhyNot(
  { job, decisions, runs, wouldRunIf, refused, tried }: WhyNot,
  options: { readonly colour: boolean },
): string {
  const style = styler(options.colour);
  const asked = decisions.filter(({ outcome }) => runs === (outcome === "selected"));
  const lines = asked.slice(0, INSTANCES_SHOWN).map(({ key, because, place, outcome }) => {
    const verb = outcome === "selected" ? "runs" : outcome === "blocked" ? "is blocked" : "does not run";
    return `${style("bold", displayText(key))} ${verb}: ${because} (${placeText(place)})`;
  });
  if (asked.length > lines.length)
    lines.push(`and so with ${counted(asked.length - lines.length, "more instance")}`);
  if (runs) return `${lines.join("\n")}\n`;
  const ways = wouldRunIf.slice(0, WAYS_SHOWN).map((words) => `  it would run if ${words}`);
  const [path, refusal] = refused ?? [];
  if (path !== undefined && refusal !== undefined && ways.length === 0)
    ways.push(`  it would be selected if ${named(path)} changed, but that plan is refused: ${refusal}`);
  const none = `  nothing tried would run it: ${counted(tried.paths, "other path")} and ${counted(tried.events, "other event")}, alone or together`;
  const byName = `  by name it runs always: ${shellCommand(["delta", "run", job])}`;
  return `${[...lines, ...(ways.length === 0 ? [none] : ways), byName].join("\n")}\n`;
}

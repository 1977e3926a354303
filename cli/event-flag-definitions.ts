import { boolean, string } from "@oclif/core/flags";
import type { FlagInput } from "@oclif/core/interfaces";
import {
  EVENT_FLAGS,
  eventFromFlags,
  type EventFlagValues,
  type SwitchFlag,
  type ValueFlag,
} from "../compiler/event-flags.ts";
import type { PipelineEvent } from "../schemas/event.ts";
import { CliFailure } from "./failure.ts";

/** Flags that describe an event exactly; `--head` is declared with the change. */
export const eventFlags: FlagInput = Object.fromEntries(
  Object.entries(EVENT_FLAGS)
    .filter(([name]) => name !== "head")
    .map(([name, { help, takesValue }]) => [name, definition(name, `${help}.`, takesValue)]),
);

function definition(name: string, summary: string, takesValue: boolean): FlagInput[string] {
  const common = { summary, helpGroup: "EVENT", ...(name === "event" ? {} : { dependsOn: ["event"] }) };
  if (!takesValue) return boolean(common);
  return name === "input" ? string({ ...common, multiple: true, multipleNonGreedy: true }) : string(common);
}

/** The event that the flags describe; null when there is no --event. Throws `usage` when they do not fit together. */
export function eventOf(flags: Readonly<Record<string, unknown>>): PipelineEvent | null {
  if (flags["event"] === undefined) return null;
  const values: Partial<Record<Exclude<ValueFlag, "input">, string>> = {};
  const switches = new Set<SwitchFlag>();
  for (const [name, { takesValue }] of Object.entries(EVENT_FLAGS)) {
    const given = flags[name];
    if (name === "input") continue;
    if (takesValue && typeof given === "string") values[name as Exclude<ValueFlag, "input">] = given;
    if (!takesValue && given === true) switches.add(name as SwitchFlag);
  }
  const inputs = (flags["input"] as readonly string[] | undefined) ?? [];
  const event = eventFromFlags({ values, inputs, switches } satisfies EventFlagValues);
  if (typeof event === "string") throw new CliFailure("usage", event);
  // A commit that no branch and no tag names stands for itself.
  if (!/^refs\/|^[0-9a-f]{40,64}$/.test(event.ref)) {
    throw new CliFailure("usage", `--ref takes a full name such as refs/heads/main, not ${event.ref}`);
  }
  return event;
}

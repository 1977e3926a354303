import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";
import { cronProblem, isTimeZone } from "./cron.ts";
import type { Located, PullRequestTrigger, PushTrigger, ScheduleTrigger, TriggersModel } from "./model.ts";
import { booleanOf, entryOf, globList, itemsOf, locatedTexts, mapOf, textOf } from "./read.ts";

/** `on`. Without it everything but the clock starts the pipeline. */
export function lowerTriggers(root: YamlMap, report: Report): TriggersModel {
  const entry = entryOf(root, "on");
  const events = entry ? eventsOf(entry) : everyEvent(root.span);
  const present = (name: string): Located<true> | null => {
    const event = events.get(name);
    return event ? { value: true, span: event.span } : null;
  };
  const push = events.get("push");
  const pullRequest = events.get("pull_request");
  return {
    span: entry?.keySpan ?? root.span,
    push: push ? lowerPush(push) : null,
    pullRequest: pullRequest ? lowerPullRequest(pullRequest) : null,
    manual: present("manual"),
    api: present("api"),
    schedule: itemsOf(events.get("schedule")?.node).flatMap((item) => lowerSchedule(item, report)),
  };
}

interface EventNode {
  readonly span: Span;
  /** Null in the short forms. */
  readonly node: YamlNode | null;
}

function everyEvent(span: Span): ReadonlyMap<string, EventNode> {
  return new Map(["push", "pull_request", "manual", "api"].map((name) => [name, { span, node: null }]));
}

/** `on: push`, `on: [push, manual]` and `on: {push: {...}}` as one form. */
function eventsOf(entry: YamlEntry): ReadonlyMap<string, EventNode> {
  const map = mapOf(entry.value);
  if (map) {
    return new Map(
      Array.from(map.entries.values(), ({ key, keySpan, value }) => [key, { span: keySpan, node: value }]),
    );
  }
  return new Map(locatedTexts(entry.value).map(({ value, span }) => [value, { span, node: null }]));
}

function lowerPush({ span, node }: EventNode): PushTrigger {
  const map = mapOf(node);
  return {
    span,
    branches: globList(entryOf(map, "branches")),
    tags: globList(entryOf(map, "tags")),
    paths: globList(entryOf(map, "paths")),
  };
}

function lowerPullRequest({ span, node }: EventNode): PullRequestTrigger {
  const map = mapOf(node);
  const types = entryOf(map, "types");
  return {
    span,
    types: types && locatedTexts(types.value),
    targets: globList(entryOf(map, "targets")),
    forks: booleanOf(entryOf(map, "forks")?.value) ?? true,
  };
}

function lowerSchedule(node: YamlNode, report: Report): readonly ScheduleTrigger[] {
  const map = mapOf(node);
  const cronNode = entryOf(map, "cron")?.value;
  const cron = textOf(cronNode);
  if (cron === null || cronNode === undefined) return [];
  const problem = cronProblem(cron);
  if (problem !== null) report.add("DC1113", cronNode.span, problem);
  const zone = entryOf(map, "timezone");
  const timezone = textOf(zone?.value) ?? "UTC";
  if (zone && !isTimeZone(timezone)) {
    report.add("DC1113", zone.value.span, `\`${timezone}\` is not an IANA time zone such as Europe/Berlin`);
  }
  return [{ cron: { value: cron, span: cronNode.span }, timezone, ref: textOf(entryOf(map, "ref")?.value) }];
}

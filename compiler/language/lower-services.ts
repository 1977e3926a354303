import type { YamlEntry, YamlNode } from "../yaml/nodes.ts";
import { type Lowering, lowerDuration, lowerEnv, lowerTemplate, lowerTemplates } from "./lowering.ts";
import type { ServiceModel } from "./model-parts.ts";
import { checkCount } from "./part-limits.ts";
import { entryOf, itemsOf, mapOf, numberOf } from "./read.ts";

/** A service is a container beside the job, on the same machine and with a share of its memory. */
const SERVICES_MAX = 10;
const READY_TIMEOUT_MS_DEFAULT = 60_000;
const READY_BOUNDS = { min: 1_000, max: 3_600_000, words: "between 1s and 1h" };

export function lowerServices(entry: YamlEntry | null, lowering: Lowering): readonly ServiceModel[] {
  const services = [...(mapOf(entry?.value)?.entries.values() ?? [])];
  if (entry !== null) checkCount(entry, services.length, SERVICES_MAX, lowering.report);
  return services.slice(0, SERVICES_MAX).flatMap((service) => lowerService(service, lowering));
}

function lowerService(entry: YamlEntry, lowering: Lowering): readonly ServiceModel[] {
  const { key: name, keySpan: span, value } = entry;
  const map = mapOf(value);
  const image = map === null ? value : entryOf(map, "image")?.value;
  // Defaults and templates may give the image, so whether there is one shows only here.
  if (image === undefined) lowering.report.add("DC1102", span, `The service \`${name}\` has no \`image\``);
  const template = lowerTemplate(image, lowering);
  if (template === null) return [];
  const command = entryOf(map, "command");
  return [
    {
      name,
      span,
      image: template,
      env: lowerEnv(entryOf(map, "env")?.value, lowering),
      command: command && lowerTemplates(command.value, lowering),
      ports: [...new Set(itemsOf(entryOf(map, "ports")?.value).flatMap((port) => numberOf(port) ?? []))],
      ready: lowerReady(entryOf(map, "ready")?.value, lowering),
    },
  ];
}

function lowerReady(node: YamlNode | undefined, lowering: Lowering): ServiceModel["ready"] {
  const map = mapOf(node);
  const command = lowerTemplates(map === null ? node : entryOf(map, "command")?.value, lowering);
  if (command.length === 0) return null;
  const timeoutMs = lowerDuration(map, "timeout", READY_BOUNDS, lowering.report) ?? READY_TIMEOUT_MS_DEFAULT;
  return { command, timeoutMs };
}

import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import type { JobDraft, ServiceDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import type { Scope } from "./expression.ts";
import { convertEnv, convertText } from "./texts.ts";

type Parts = Pick<JobDraft, "services" | "environment" | "concurrency">;

/** What stands around a job's steps: services, where it deploys to, and what it excludes. */
export function convertParts(reader: KeyReader, scope: Scope, report: Report): Parts {
  return {
    services: servicesOf(reader.map("services"), scope, report),
    environment: environmentOf(reader.take("environment"), scope, report),
    concurrency: concurrencyOf(reader.take("concurrency"), scope, report),
  };
}

function servicesOf(services: KeyReader | null, scope: Scope, report: Report): JobDraft["services"] {
  const found: Record<string, ServiceDraft> = {};
  for (const { key, keySpan, value } of services?.entries() ?? []) {
    const map = mapOf(value);
    const reader = map === null ? null : new KeyReader(map, report);
    const node = reader === null ? value : reader.node("image");
    const image = convertText(scalarText(node) ?? "", node?.span ?? keySpan, scope, report) ?? "";
    const env = convertEnv(reader?.node("env"), scope, report);
    const ports = itemsOf(reader?.node("ports")).flatMap((port) => {
      const number = Number(/(\d+)(?:\/tcp)?$/.exec(scalarText(port) ?? "")?.[1]);
      return Number.isInteger(number) ? [number] : [];
    });
    reader?.finish("a service", {
      options: "holds options of that server's runner; write `ready` where they ask for health",
      credentials: "is for the operators to give",
      volumes: "names folders of that server's machine",
    });
    if (image !== "" && /^[a-z][a-z0-9-]{0,62}$/.test(key)) found[key] = { image, env, ports };
    else
      leftOut(
        report,
        keySpan,
        `The service ${quote(key)} has no image or a name that is no host's, and was left out`,
      );
  }
  return found;
}

function environmentOf(entry: YamlEntry | null, scope: Scope, report: Report): JobDraft["environment"] {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("name");
  const name = convertText(scalarText(node) ?? "", node?.span ?? entry.keySpan, scope, report) ?? "";
  const link = reader?.node("url");
  const url = link === undefined ? null : convertText(scalarText(link) ?? "", link.span, scope, report);
  reader?.take("deployment");
  reader?.finish("`environment`");
  if (name === "") return undefined;
  return url === null || url === "" ? name : { name, url };
}

/** There only the newest of those that wait stays, whatever runs. */
export function concurrencyOf(
  entry: YamlEntry | null,
  scope: Scope,
  report: Report,
): JobDraft["concurrency"] {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("group");
  const cancel = reader?.take("cancel-in-progress") ?? null;
  const cancels = booleanOf(cancel?.value) === true;
  if (cancel !== null && booleanOf(cancel.value) === null)
    changed(report, cancel.keySpan, "Whether a newer one ends what runs is computed there; here it does not");
  reader?.take("queue");
  reader?.finish("`concurrency`");
  const group = convertText(scalarText(node) ?? "", node?.span ?? entry.keySpan, scope, report) ?? "";
  return group === "" ? undefined : { group, on_conflict: cancels ? "cancel_older" : "latest" };
}

/** Rights of a token that jobs are not given. Reading is what a checkout does anyway. */
export function tellPermissions(entry: YamlEntry | null, report: Report): void {
  const map = mapOf(entry?.value);
  if (entry !== null && scalarText(entry.value) === "write-all")
    leftOut(
      report,
      entry.value.span,
      "Jobs are given no token of the forge; ask for a secret that may do what they do",
    );
  for (const { key, value } of map?.entries.values() ?? [])
    if (scalarText(value) === "write")
      leftOut(
        report,
        value.span,
        key === "id-token"
          ? "Which audience this token is for is said by the action that asks for it; write it under `id_tokens`"
          : `Jobs are given no token of the forge; ask for a secret that may write ${quote(key)}`,
      );
}

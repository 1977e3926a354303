import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { parseDuration } from "../../language/duration.ts";
import { booleanOf, itemsOf, mapOf, numberOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import { type ArtifactDraft, type CacheDraft, type JobDraft, plainText, type ServiceDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { variablesEnv } from "./variables.ts";

type Parts = Pick<
  JobDraft,
  "services" | "artifacts" | "caches" | "environment" | "concurrency" | "interruptible"
>;

/** What stands around a job's script: services, files kept, where it deploys to, and what it excludes. */
export function convertParts(id: string, reader: KeyReader, report: Report): Parts {
  const group = reader.take("resource_group");
  const name = group && plainOf(group.value, "The resource group", report);
  const interruptible = reader.take("interruptible");
  return {
    services: servicesOf(reader.take("services"), report),
    artifacts: artifactsOf(id, reader.take("artifacts"), report),
    caches: cachesOf(reader.take("cache"), report),
    environment: environmentOf(reader.take("environment"), report),
    concurrency: name ?? undefined,
    // Jobs are interruptible here as they are, and there only when they say so.
    interruptible:
      booleanOf(interruptible?.value) === true ? undefined : interruptible === null ? undefined : false,
  };
}

/** A text without variables of that server; null, and told, when it has some. */
function plainOf(node: YamlNode, what: string, report: Report): string | null {
  const text = scalarText(node);
  if (text !== null && !text.includes("$")) return text;
  leftOut(report, node.span, `${what} is made of variables and was left out`);
  return null;
}

function servicesOf(entry: YamlEntry | null, report: Report): JobDraft["services"] {
  const services: Record<string, ServiceDraft> = {};
  for (const item of itemsOf(entry?.value)) {
    const map = mapOf(item);
    const reader = map === null ? null : new KeyReader(map, report);
    const node = reader === null ? item : reader.node("name");
    const image = node === undefined ? null : plainOf(node, "The image of this service", report);
    const alias = scalarText(reader?.node("alias"));
    const command = scalarTexts(reader?.node("command"));
    const env = variablesEnv(reader?.node("variables"), report);
    reader?.finish("a service");
    if (image === null) continue;
    const name = (alias ?? hostOf(image)).split(/[ ,]/)[0] ?? "";
    if (/^[a-z][a-z0-9-]{0,62}$/.test(name))
      services[name] = { image, env, command: command.length > 0 ? command.map(plainText) : undefined };
    else
      leftOut(
        report,
        item.span,
        `The service ${quote(name)} cannot be reached by that name and was left out`,
      );
  }
  return services;
}

/** `registry/group/postgres:16` is reached as `group-postgres` there; without a group as `postgres`. */
function hostOf(image: string): string {
  const path = image
    .replace(/@.*$/, "")
    .replace(/:[^/]*$/, "")
    .split("/");
  const parts = path.length > 1 && /[.:]/.test(path[0] ?? "") ? path.slice(1) : path;
  return parts.join("-").toLowerCase();
}

function artifactsOf(id: string, entry: YamlEntry | null, report: Report): readonly ArtifactDraft[] {
  const map = mapOf(entry?.value);
  if (map === null) return [];
  const reader = new KeyReader(map, report);
  // The name of the archive; here each artifact is called after its job.
  reader.take("name");
  reader.take("expose_as");
  const when = { on_failure: "failure", always: "always" }[scalarText(reader.node("when")) ?? ""];
  const expire = expireOf(reader.take("expire_in"), report);
  const paths = pathsOf(reader.node("paths"), report);
  const excluded = pathsOf(reader.node("exclude"), report).map((path) => `!${path}`);
  const reports = reader.map("reports");
  const junit = pathsOf(reports?.node("junit"), report);
  reports?.finish("`artifacts.reports`");
  reader.finish("`artifacts`");
  const called = id.replace(/[^A-Za-z0-9_-]+/g, "-");
  const files = paths.length > 0 ? [{ name: called, path: [...paths, ...excluded], when, expire }] : [];
  const tests =
    junit.length > 0 ? [{ name: `${called}-junit`, path: junit, type: "junit", when: "always", expire }] : [];
  return [...files, ...tests];
}

/** A folder there is all that is in it. */
function pathsOf(node: YamlNode | undefined, report: Report): readonly string[] {
  return itemsOf(node).flatMap((item) => {
    const text = plainOf(item, "This path", report);
    if (text === null) return [];
    return [text.endsWith("/") ? `${text}**` : text];
  });
}

const DAYS: Readonly<Record<string, number>> = { w: 7, mo: 30, y: 365 };

/** `1 week`, `3 mos`, `2 hrs 20 min`; `never` is no bound. */
function expireOf(entry: YamlEntry | null, report: Report): string | undefined {
  const text = scalarText(entry?.value);
  if (entry === null || text === null || text === "never") return undefined;
  const parts = [...text.matchAll(/(\d+)\s*(mo|[wydhms])[a-z]*\s*/g)].map(([, count, unit = ""]) => {
    const days = DAYS[unit];
    return days === undefined ? `${count}${unit}` : `${Number(count) * days}d`;
  });
  const duration = parts.join("");
  if (parts.length > 0 && parseDuration(duration) !== null) return duration;
  leftOut(report, entry.value.span, `The time ${quote(text)} is not understood and was left out`);
  return undefined;
}

const MODES: Readonly<Record<string, CacheDraft["mode"]>> = { pull: "read", push: "write" };

function cachesOf(entry: YamlEntry | null, report: Report): readonly CacheDraft[] {
  return itemsOf(entry?.value).flatMap((item): readonly CacheDraft[] => {
    const map = mapOf(item);
    if (map === null) return [];
    const reader = new KeyReader(map, report);
    const paths = pathsOf(reader.node("paths"), report).map((path) => path.replace(/\/\*\*$/, ""));
    const key = cacheKeyOf(reader.take("key"), report);
    const restore = scalarTexts(reader.node("fallback_keys")).filter((text) => !text.includes("$"));
    const mode = MODES[scalarText(reader.node("policy")) ?? ""];
    reader.finish("`cache`");
    return paths.length === 0 ? [] : [{ key, paths, restore_keys: restore, mode }];
  });
}

/** A key of files is the hash of those files; one of the branch reads the branch. */
function cacheKeyOf(entry: YamlEntry | null, report: Report): string {
  if (entry === null) return "default";
  const map = mapOf(entry.value);
  if (map !== null) {
    const reader = new KeyReader(map, report);
    const files = scalarTexts(reader.node("files")).map((file) => `'${file.replaceAll("'", "''")}'`);
    const prefix = scalarText(reader.node("prefix"))?.replaceAll(/\$\{?\w+\}?/g, "") ?? "";
    reader.finish("`cache.key`");
    return `${prefix}\${{ hash_files(${files.join(", ")}) }}`;
  }
  const text = scalarText(entry.value) ?? "default";
  const branch = text.replaceAll(/\$\{?CI_COMMIT_REF_(?:SLUG|NAME)\}?/g, "${{ ref.name }}");
  if (!/\$(?!\{\{)/.test(branch)) return branch;
  changed(
    report,
    entry.value.span,
    "The key of this cache is made of variables; it is the same for all runs here",
  );
  return branch.replaceAll(/\$(?!\{\{)\{?\w+\}?/g, "") || "default";
}

function environmentOf(entry: YamlEntry | null, report: Report): JobDraft["environment"] {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("name");
  const name = node === undefined ? null : plainOf(node, "The name of this environment", report);
  const link = reader?.take("url") ?? null;
  const url = link === null ? null : plainOf(link.value, "The address of this environment", report);
  if (numberOf(reader?.node("auto_stop_in")) !== null) reader?.take("auto_stop_in");
  reader?.finish("`environment`");
  if (name === null) return undefined;
  return url === null ? name : { name, url };
}

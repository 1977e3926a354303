import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { isGlobProblem, parseGlob } from "../../globs/index.ts";
import { parseDuration } from "../../language/duration.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import {
  type ArtifactDraft,
  type CacheDraft,
  type Env,
  type JobDraft,
  literal,
  plainText,
  type ServiceDraft,
} from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import type { Scope } from "./scope.ts";
import { environmentOf as variablesEnv, readVariables, REF_NAMES } from "./variables.ts";

type Parts = Pick<
  JobDraft,
  "services" | "artifacts" | "caches" | "environment" | "concurrency" | "interruptible"
>;

/** What stands around a job's script: services, files kept, where it deploys to, and what it excludes. */
export function convertParts(id: string, reader: KeyReader, scope: Scope, isCanceled: boolean): Parts {
  const group = reader.take("resource_group");
  const environment = environmentOf(reader.take("environment"), scope);
  const called = typeof environment === "string" ? environment : environment?.["name"];
  const name =
    group && plainOf(group.value, "The resource group", scope, { CI_ENVIRONMENT_NAME: called ?? "" });
  const interruptible = reader.take("interruptible");
  return {
    services: servicesOf(reader.take("services"), scope),
    artifacts: artifactsOf(id, reader.take("artifacts"), scope),
    caches: cachesOf(reader.take("cache"), scope),
    environment,
    concurrency: name ?? undefined,
    interruptible: isInterruptible(interruptible, environment, isCanceled),
  };
}

/** Jobs are interruptible there only when they say so, and here unless they deploy or say otherwise. */
function isInterruptible(
  entry: YamlEntry | null,
  environment: JobDraft["environment"],
  isCanceled: boolean,
): boolean | undefined {
  if (booleanOf(entry?.value) === true) return environment === undefined ? undefined : true;
  return entry !== null || isCanceled ? false : undefined;
}

/** A text with its variables filled in; null, and told, when nothing is known of one. */
export function plainOf(node: YamlNode, what: string, scope: Scope, more: Env = {}): string | null {
  const text = scalarText(node);
  const filled = text === null ? null : scope.texts.expand(text, more);
  if (filled !== null) return filled;
  leftOut(scope.report, node.span, `${what} is made of variables that nothing here sets, and was left out`);
  return null;
}

function withoutProject(text: string): string {
  return text.replace(/^(?:\.?\/)+/, "");
}

function servicesOf(entry: YamlEntry | null, scope: Scope): JobDraft["services"] {
  const { report } = scope;
  const services: Record<string, ServiceDraft> = {};
  for (const item of itemsOf(entry?.value)) {
    const map = mapOf(item);
    const reader = map === null ? null : new KeyReader(map, report);
    const node = reader === null ? item : reader.node("name");
    const image = node === undefined ? null : plainOf(node, "The image of this service", scope);
    const alias = scalarText(reader?.node("alias"));
    const command = scalarTexts(reader?.node("command"));
    const env = variablesEnv(readVariables(reader?.node("variables"), report), scope.texts, report);
    reader?.finish("a service", {
      entrypoint: "replaces the image's own program; build an image that starts it",
    });
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

function artifactsOf(id: string, entry: YamlEntry | null, scope: Scope): readonly ArtifactDraft[] {
  const { report } = scope;
  const map = mapOf(entry?.value);
  if (map === null) return [];
  const reader = new KeyReader(map, report);
  // The name of the archive; here each artifact is called after its job.
  reader.take("name");
  reader.take("expose_as");
  const when = { on_failure: "failure", always: "always" }[scalarText(reader.node("when")) ?? ""];
  const expire = expireOf(reader.take("expire_in"), report);
  const paths = pathsOf(reader.node("paths"), scope);
  const excluded = pathsOf(reader.node("exclude"), scope).map((path) => `!${path}`);
  const reports = reader.map("reports");
  const called = id.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 80) || "files";
  const files = paths.length > 0 ? [{ name: called, path: [...paths, ...excluded], when, expire }] : [];
  const tests = Object.entries(REPORTS).flatMap(([key, type]) => {
    const node = reports?.node(key);
    const map = mapOf(node);
    const path = pathsOf(map === null ? node : map.entries.get("path")?.value, scope);
    return path.length > 0 ? [{ name: `${called}-${type}`, path, type, when: "always", expire }] : [];
  });
  reports?.finish("`artifacts.reports`", {
    dotenv: "would set variables of later jobs; write them to `$DELTA_OUTPUT` and declare `outputs`",
  });
  reader.finish("`artifacts`", {
    untracked: "means every file that git does not know; name them under `paths`",
    public: "is for the operators to say",
    access: "is for the operators to say",
  });
  return [...files, ...tests];
}

/** Reports by their kind here. */
const REPORTS: Readonly<Record<string, string>> = { junit: "junit", coverage_report: "coverage" };

/** A folder there is all that is in it. */
function pathsOf(node: YamlNode | undefined, scope: Scope): readonly string[] {
  return itemsOf(node).flatMap((item) => {
    const written = scalarText(item);
    const filled = written === null ? null : scope.texts.expand(written, { CI_PROJECT_DIR: "." });
    const text = filled === null ? null : withoutProject(filled);
    const path = text?.endsWith("/") ? `${text}**` : text;
    if (path !== null && path !== undefined && !path.startsWith("~") && !isGlobProblem(parseGlob(path)))
      return [path];
    const why = text === null ? "is made of variables that nothing here sets" : "is none of the checkout";
    leftOut(scope.report, item.span, `This path ${why}, and was left out`);
    return [];
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

function cachesOf(entry: YamlEntry | null, scope: Scope): readonly CacheDraft[] {
  const { report } = scope;
  return itemsOf(entry?.value).flatMap((item): readonly CacheDraft[] => {
    const map = mapOf(item);
    if (map === null) return [];
    const reader = new KeyReader(map, report);
    const paths = pathsOf(reader.node("paths"), scope).map((path) => path.replace(/\/\*\*$/, ""));
    const key = cacheKeyOf(reader.take("key"), scope);
    const restore = itemsOf(reader.node("fallback_keys")).flatMap((item) => cacheText(item, scope) ?? []);
    const mode = MODES[scalarText(reader.node("policy")) ?? ""];
    reader.finish("`cache`", {
      when: "says when files are saved; here they are when the job succeeds",
      untracked: "means every file that git does not know; name them under `paths`",
      unprotect: "is for the operators to say",
    });
    return paths.length === 0 ? [] : [{ key, paths, restore_keys: restore, mode }];
  });
}

/** A key of files is the hash of those files; one of the branch reads the branch. */
function cacheKeyOf(entry: YamlEntry | null, scope: Scope): string {
  if (entry === null) return "default";
  const map = mapOf(entry.value);
  if (map === null) return cacheText(entry.value, scope)?.trim() || "default";
  const reader = new KeyReader(map, scope.report);
  const files = scalarTexts(reader.node("files")).map((file) => literal(file.replace(/^\.?\//, "")));
  const prefix = reader.take("prefix");
  const before = prefix === null ? null : cacheText(prefix.value, scope);
  reader.finish("`cache.key`", {
    files_commits: "asks for commits; here a key follows from what files hold",
  });
  const hash = files.length === 0 ? "none" : `\${{ hash_files(${files.join(", ")}) }}`;
  return before === null || before === "" ? `files-${hash}` : `${before}-${hash}`;
}

/** Variables without a value here would make no two runs share the cache: they are told and dropped. */
function cacheText(node: YamlNode, scope: Scope): string | null {
  const text = scalarText(node);
  const filled = text === null ? null : scope.texts.expand(text, REF_NAMES);
  if (text === null || filled !== null) return filled;
  changed(
    scope.report,
    node.span,
    "The key of this cache is made of variables that nothing here sets; it is the same for all runs",
  );
  return plainText(text.replaceAll(/\$\{?\w+\}?/g, "")) || "default";
}

function environmentOf(entry: YamlEntry | null, scope: Scope): JobDraft["environment"] {
  if (entry === null) return undefined;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, scope.report);
  const node = reader === null ? entry.value : reader.node("name");
  const name = node === undefined ? null : plainOf(node, "The name of this environment", scope, REF_NAMES);
  const link = reader?.take("url") ?? null;
  const more = { ...REF_NAMES, CI_ENVIRONMENT_NAME: name ?? "", CI_ENVIRONMENT_SLUG: name ?? "" };
  const url = link === null ? null : plainOf(link.value, "The address of this environment", scope, more);
  const action = scalarText(reader?.node("action"));
  if (action === null || action === "start") reader?.take("deployment_tier");
  else
    leftOut(
      scope.report,
      entry.keySpan,
      `\`action: ${action}\` is no deployment; here the job counts as one`,
    );
  reader?.finish("`environment`", {
    on_stop: "names the job that ends it; start that job by hand",
    auto_stop_in: "is a time after which it is ended; nothing here is",
    kubernetes: "is of that server",
  });
  if (name === null || name === "") return undefined;
  return url === null ? name : { name, url };
}

import { quote } from "../../diagnostics/quote.ts";
import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import type { JobDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText } from "../reader.ts";
import type { Scope } from "./scope.ts";

/** Names that the operators keep a secret under. */
const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;

/** `id_tokens` and `secrets`. */
export function convertAccess(reader: KeyReader, scope: Scope): Pick<JobDraft, "id_tokens" | "secrets"> {
  return {
    id_tokens: idTokensOf(reader.take("id_tokens"), scope),
    secrets: secretsOf(reader.take("secrets"), scope),
  };
}

function idTokensOf(entry: YamlEntry | null, scope: Scope): JobDraft["id_tokens"] {
  const tokens: Record<string, readonly string[]> = {};
  for (const { key, keySpan, value } of mapOf(entry?.value)?.entries.values() ?? []) {
    const map = mapOf(value);
    const written = itemsOf(map?.entries.get("aud")?.value).map((item) => scalarText(item) ?? "");
    const audiences = written.map((text) => scope.texts.expand(text));
    const plain = audiences.flatMap((text) =>
      text === null || text === "" || text.includes("${{") ? [] : [text],
    );
    if (plain.length > 0 && plain.length === audiences.length) tokens[key] = plain;
    else
      leftOut(
        scope.report,
        keySpan,
        `The audience of ${quote(key)} is no plain text; the token was left out`,
      );
  }
  return tokens;
}

/** Secrets of a vault. Here the operators keep each under a name; the value is what the variable holds. */
function secretsOf(entry: YamlEntry | null, scope: Scope): JobDraft["secrets"] {
  const secrets: Record<string, string> = {};
  for (const { key, keySpan, value } of mapOf(entry?.value)?.entries.values() ?? []) {
    const map = mapOf(value);
    const own = map === null ? null : new KeyReader(map, scope.report);
    const isFile = scalarText(own?.node("file")) !== "false";
    own?.take("token");
    const name = nameOf(own, scope);
    own?.finish("a secret");
    if (name === null || !SECRET_NAME.test(name)) {
      leftOut(
        scope.report,
        keySpan,
        `The secret ${quote(key)} has no plain name; keep it on the server and list it under \`secrets\``,
      );
      continue;
    }
    secrets[key] = name;
    const what = isFile ? "its value, and not the path of a file" : "its value";
    changed(
      scope.report,
      keySpan,
      `Keep this secret on the server as ${quote(name)}; the variable holds ${what}`,
    );
  }
  return secrets;
}

/** `vault` as `path/field@engine`, or the name that another store has for it. */
function nameOf(own: KeyReader | null, scope: Scope): string | null {
  for (const kind of [
    "vault",
    "azure_key_vault",
    "gcp_secret_manager",
    "aws_secrets_manager",
    "gitlab_secrets_manager",
    "akeyless",
  ]) {
    const node = own?.node(kind);
    if (node === undefined) continue;
    const map = mapOf(node);
    const path = map?.entries.get("path")?.value;
    const leaf =
      map?.entries.get(path === undefined ? "name" : "field")?.value ?? map?.entries.get("secret_id")?.value;
    const parts =
      map === null
        ? [scalarText(node)]
        : [path, leaf].flatMap((part) => (part === undefined ? [] : [scalarText(part)]));
    const name = scope.texts.expand(
      parts
        .filter((part) => part !== null)
        .join("/")
        .replace(/@.*$/, ""),
    );
    return name === null || name.includes("${{") ? null : name;
  }
  return null;
}

import { AclPolicy, AclRole, TokenSelf } from "./api-types.ts";
import type { NomadClient } from "./client.ts";
import { NomadError } from "./nomad-error.ts";

/**
 * Whether the client's token has a right in a namespace, by the rules of its own policies: for rights that no
 * call on something that does not exist can show. Without ACLs everybody has it. Throws a NomadError.
 */
export async function hasCapability(
  client: NomadClient,
  namespace: string,
  capability: string,
): Promise<boolean> {
  const token = await tokenOf(client);
  if (token === null || token.Type === "management") return true;
  const names = new Set(token.Policies ?? []);
  for (const { ID } of token.Roles ?? []) {
    const role = await client.call({ method: "GET", path: `/acl/role/${ID}`, answer: AclRole });
    for (const { Name } of role.value.Policies ?? []) names.add(Name);
  }
  const rules: Rule[] = [];
  for (const name of names) {
    const path = `/acl/policy/${encodeURIComponent(name)}`;
    const { value } = await client.call({ method: "GET", path, answer: AclPolicy });
    for (const { Name, Capabilities } of value.RulesJSON?.Namespaces ?? []) {
      rules.push({ pattern: Name, capabilities: Capabilities ?? [] });
    }
  }
  const granted = closest(rules, namespace).flatMap(({ capabilities }) => capabilities);
  return granted.includes(capability) && !granted.includes("deny");
}

interface Rule {
  /** A name, or one with `*` in it. */
  readonly pattern: string;
  readonly capabilities: readonly string[];
}

/** Of a namespace's rules Nomad takes the one by its very name, else the pattern that says most of it. */
function closest(rules: readonly Rule[], namespace: string): readonly Rule[] {
  const matching = rules.filter(({ pattern }) => matches(pattern, namespace));
  const isExact = ({ pattern }: Rule): boolean => pattern === namespace;
  const said = ({ pattern }: Rule): number => pattern.replaceAll("*", "").length;
  if (matching.some(isExact)) return matching.filter(isExact);
  const most = Math.max(...matching.map(said));
  return matching.filter((rule) => said(rule) === most);
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

async function tokenOf(client: NomadClient) {
  try {
    return (await client.call({ method: "GET", path: "/acl/token/self", answer: TokenSelf })).value;
  } catch (error) {
    if (error instanceof NomadError && /ACL support disabled/i.test(error.message)) return null;
    throw error;
  }
}

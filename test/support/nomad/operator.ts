import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NomadAgent } from "./agent.ts";

/** An agent with ACLs, as its operator sees it. */
type Managed = Pick<NomadAgent, "address" | "managementToken">;

/** Calls Nomad with every right: the answer as JSON, null for an empty one. Anything but success is an Error. */
export async function manage(agent: Managed, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${agent.address}/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "x-nomad-token": agent.managementToken ?? "" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${text}`);
  return text === "" ? null : JSON.parse(text);
}

/** Makes a policy of these rules and a token that has it alone; the file in this folder that holds the token. */
export async function grantToken(
  agent: Managed,
  folder: string,
  name: string,
  rules: string,
): Promise<string> {
  await manage(agent, `/acl/policy/${name}`, { Name: name, Rules: rules });
  const token = await manage(agent, "/acl/token", { Name: name, Type: "client", Policies: [name] });
  const file = join(folder, `${name}.token`);
  await writeFile(file, (token as { readonly SecretID: string }).SecretID, { mode: 0o600 });
  return file;
}

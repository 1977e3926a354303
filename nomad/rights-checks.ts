import type { TSchema } from "typebox";
import { DeregisterAnswer, JobAnswer, JobList, RegisterAnswer } from "./api-types.ts";
import type { NomadCall, NomadClient } from "./client.ts";
import type { NomadConfig } from "./config.ts";
import { bad, note, ok, type NomadFinding } from "./finding.ts";
import { buildJobBody } from "./job-body.ts";
import { jobNameOf, jobNamePrefix } from "./job-name.ts";
import type { RegisterRequest } from "./job-types.ts";
import { NomadError } from "./nomad-error.ts";
import { newProbeId, probeRequest } from "./probe.ts";

/** What Nomad answers to a register that it would take, were there such a job: it has passed every check. */
const WOULD_REGISTER = /job does not exist/i;
const POLICY_ADVICE =
  "Give the token of `token_file` the policy that `delta nomad setup` writes, or replace a token that has ended.";

/** Every right by the very call that needs it, on a job that does not exist; then a register by pool. */
export async function checkRights(
  client: NomadClient,
  config: NomadConfig,
): Promise<readonly NomadFinding[]> {
  const path = `/job/${jobNameOf(config.installation, newProbeId())}`;
  const prefix = { prefix: jobNamePrefix(config.installation), per_page: "1" };
  const calls: Readonly<Record<string, NomadCall<TSchema>>> = {
    "list-jobs": { method: "GET", path: "/jobs", query: prefix, answer: JobList },
    "read-job": { method: "GET", path, answer: JobAnswer },
    "deregister-job": { method: "DELETE", path, query: { purge: "false" }, answer: DeregisterAnswer },
  };
  const findings: NomadFinding[] = [];
  for (const [right, call] of Object.entries(calls)) {
    const error = await failureOf(client, call);
    if (error === null || error.failure === "not_found") findings.push(ok(right, "granted"));
    else if (error.failure === "denied") findings.push(bad(right, "denied", POLICY_ADVICE));
    else findings.push(bad(right, error.message, "Look at the servers' logs."));
  }
  for (const pool of Object.keys(config.pools)) findings.push(...(await checkPool(client, config, pool)));
  return findings;
}

/** The register call of a real attempt in all its parts, for an index that only an existing job could have. */
async function checkPool(
  client: NomadClient,
  config: NomadConfig,
  pool: string,
): Promise<readonly NomadFinding[]> {
  const check = `pool ${pool}`;
  const body = buildJobBody(config, probeRequest(newProbeId(), pool));
  if (!body.ok) return [note(check, body.refusal, "Jobs of this pool must name what it has no default for.")];
  const request = JSON.parse(body.text) as RegisterRequest;
  const error = await tryRegister(client, request);
  if (error === null || WOULD_REGISTER.test(error.message)) {
    return [ok(check, "an attempt would be taken"), ...checkImage(pool, request)];
  }
  if (error.failure === "disabled") {
    return [bad(check, "job registration is switched off", "An operator of the cluster can switch it on.")];
  }
  if (error.failure !== "denied") {
    const advice =
      "Apply the namespace and the node pool that `delta nomad setup` writes, or correct the file.";
    return [bad(check, error.message, advice)];
  }
  const bare = await tryRegister(client, withoutVolumes(request));
  const isVolume = bare !== null && WOULD_REGISTER.test(bare.message);
  const right = isVolume ? "mounting the runner's host volume is denied" : "register-job is denied";
  return [bad(check, right, POLICY_ADVICE)];
}

function checkImage(pool: string, request: RegisterRequest): readonly NomadFinding[] {
  const image = request.Job.TaskGroups[0]?.Tasks[0]?.Config["image"];
  if (typeof image !== "string") return [];
  const check = `image ${pool}`;
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return [ok(check, image)];
  return [note(check, image, "Name it by its digest (@sha256:...): a tag can come to mean something else.")];
}

async function tryRegister(client: NomadClient, request: RegisterRequest): Promise<NomadError | null> {
  const body = JSON.stringify({ ...request, EnforceIndex: true, JobModifyIndex: 1 });
  return await failureOf(client, { method: "POST", path: "/jobs", body, answer: RegisterAnswer });
}

function withoutVolumes(request: RegisterRequest): RegisterRequest {
  const TaskGroups = request.Job.TaskGroups.map(({ Volumes: _volumes, ...group }) => ({
    ...group,
    Tasks: group.Tasks.map(({ VolumeMounts: _mounts, ...task }) => task),
  }));
  return { ...request, Job: { ...request.Job, TaskGroups } };
}

async function failureOf(client: NomadClient, call: NomadCall<TSchema>): Promise<NomadError | null> {
  try {
    await client.call(call);
    return null;
  } catch (error) {
    if (error instanceof NomadError) return error;
    throw error;
  }
}

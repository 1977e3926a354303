import { readdir, readFile } from "node:fs/promises";

/** Process ids of one Nomad job's raw_exec task on this machine, found without asking Nomad. */
export async function taskProcesses(jobName: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(`NOMAD_JOB_ID=${jobName}`)) found.push(Number(name));
  }
  return found;
}

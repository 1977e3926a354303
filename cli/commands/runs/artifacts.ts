import { string } from "@oclif/core/args";
import { integer, string as text } from "@oclif/core/flags";
import type { ApiClient } from "../../api-client.ts";
import type { LeftArtifact } from "../../artifacts.ts";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { EXIT } from "../../exit-codes.ts";
import { CliFailure } from "../../failure.ts";
import { fullFlag } from "../../full-flag.ts";
import { writeData, writeTalk } from "../../output.ts";
import { serverFlags } from "../../server-flags.ts";

/** `path` is where it was written, null when it was not. */
type ArtifactAnswer = LeftArtifact & { readonly path: string | null };

export class RunsArtifacts extends DeltaCommand {
  static override summary = "List the artifacts of a run, or download them.";
  static override description =
    "Each is one .tar.gz, which is checked by its size and digest and never unpacked. A file of that name is replaced. Ends with 1 when one of those to download was removed.";
  static override examples = [
    "<%= config.bin %> runs artifacts latest",
    "<%= config.bin %> runs artifacts 12 build --output downloads",
    "<%= config.bin %> runs artifacts 12 build dist --output dist.tar.gz",
  ];
  static override args = {
    run: string({ required: true, description: "Id, start of an id, number, or `latest`." }),
    job: string({ description: "Key of the job; all jobs when it is left out." }),
    name: string({ description: "Name of the artifact; all of the job's when it is left out." }),
  };
  static override flags = {
    ...serverFlags,
    ...fullFlag("artifact"),
    attempt: integer({ summary: "Which attempt; the last one when it is left out.", min: 1 }),
    output: text({
      summary: "Download into this folder; one artifact, to this file unless it is a folder.",
      char: "o",
      helpValue: "PATH",
    }),
  };

  async run(): Promise<JsonAnswer & { artifacts: readonly ArtifactAnswer[] }> {
    const { args, flags } = await this.parse(RunsArtifacts);
    const [{ findServer }, { findRunId }, { findJob }, { artifactsOf, artifactsTable }] = await Promise.all([
      import("../../find-server.ts"),
      import("../../find-run.ts"),
      import("../../find-job.ts"),
      import("../../artifacts.ts"),
    ]);
    const client = await findServer(flags);
    const run = await client.run(await findRunId(client, args.run));
    const jobs = args.job === undefined ? run.jobs : [await findJob(run.jobs, args.job)];
    const all = artifactsOf(jobs, flags.attempt);
    const artifacts = args.name === undefined ? all : [named(all, args.name)];
    if (flags.output !== undefined) {
      return { version: 1, artifacts: await this.download(client, artifacts, flags.output, args.name) };
    }
    if (!this.jsonEnabled()) {
      if (artifacts.length === 0) writeTalk("There are no artifacts.");
      else writeData(artifactsTable(artifacts, process.stdout, flags.full));
    }
    return { version: 1, artifacts: artifacts.map((artifact) => ({ ...artifact, path: null })) };
  }

  private async download(
    client: ApiClient,
    artifacts: readonly LeftArtifact[],
    output: string,
    name: string | undefined,
  ): Promise<readonly ArtifactAnswer[]> {
    const [{ artifactPaths }, { downloadArtifact }, { watchInterruption }] = await Promise.all([
      import("../../artifact-paths.ts"),
      import("../../download-artifact.ts"),
      import("../../interruption.ts"),
    ]);
    const paths = await artifactPaths(artifacts, output, name !== undefined);
    const interruption = watchInterruption();
    const answers: ArtifactAnswer[] = [];
    try {
      for (const [index, artifact] of artifacts.entries()) {
        const path = artifact.removed_at === null ? (paths[index] ?? null) : null;
        answers.push({ ...artifact, path });
        if (path === null) {
          process.exitCode = EXIT.findings;
          writeTalk(`${artifact.name} of ${artifact.job} was removed: its time was over`);
          continue;
        }
        await downloadArtifact(client, artifact, path, interruption.first);
        if (!this.jsonEnabled()) writeData(path);
      }
    } finally {
      interruption.close();
    }
    return answers;
  }
}

function named(artifacts: readonly LeftArtifact[], name: string): LeftArtifact {
  const found = artifacts.find((artifact) => artifact.name === name);
  if (found !== undefined) return found;
  const names = artifacts.map((artifact) => artifact.name).join(", ");
  throw new CliFailure(
    "artifact_unknown",
    `the job left no artifact ${name}`,
    `It left: ${names || "none"}.`,
  );
}

import { compile, type PlanLimits, preferredBase, wantedContents } from "../../compiler/index.ts";
import { PlaceFinder, textsOf } from "../../compiler/diagnostics/index.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import { openRepository, readCompileInput } from "../git/index.ts";
import type { PlanningRequest, PlanningResult } from "./planning-messages.ts";

/** Reads one commit out of a repository and compiles it, as `delta plan` does. Throws GitError. */
export async function planCommit(request: PlanningRequest, limits?: PlanLimits): Promise<PlanningResult> {
  const repository = await openRepository(request.repositoryPath);
  const sources = await readCompileInput(repository, {
    event: request.event,
    head: request.head,
    wanted: wantedContents,
    baseRequest: (head) => ({ prefer: preferredBase(head), lastGreen: request.lastGreen }),
    ...(request.base === null ? {} : { base: request.base }),
  });
  const { digest, canonical, diagnostics } = compile({
    ...sources,
    compilerVersion: request.compilerVersion,
    request: { jobs: request.jobs, all: request.all },
    ...(limits === undefined ? {} : { limits }),
  });
  const places = new PlaceFinder(textsOf(sources.head.contents));
  return { digest, canonical, diagnostics: diagnostics.map((diagnostic) => placed(diagnostic, places)) };
}

function placed(diagnostic: Diagnostic, places: PlaceFinder): PlacedDiagnostic {
  const { span } = diagnostic;
  return {
    ...diagnostic,
    place: span === null ? null : places.place(span.file, span.start),
    end: span === null ? null : places.place(span.file, span.end),
  };
}

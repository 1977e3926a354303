import {
  createCompiler,
  inputTexts,
  NO_PINNED,
  pinnedKey,
  type PinnedRequest,
  preferredBase,
  isWantedContent,
  wantedPinned,
} from "../../compiler/index.ts";
import { PlaceFinder } from "../../compiler/diagnostics/index.ts";
import { openRepository, readCompileInput } from "../git/index.ts";
import { type BackendAbilities, notCarriedOut } from "./not-carried-out.ts";
import type { PlanningRequest, PlanningResult, PlanningRules } from "./planning-messages.ts";
import { placed } from "./placed-diagnostic.ts";
import { toldAsDiagnostics } from "./told-as-diagnostics.ts";

/** One for all plans of this process, which mostly meet pipelines they have met before. */
const compile = createCompiler();

/**
 * Reads one commit out of a repository and compiles it, as `delta plan` does. A plan that asks for what this
 * server does not carry out is none here. Throws GitError.
 */
export async function planCommit(
  request: PlanningRequest,
  rules: PlanningRules = {},
): Promise<PlanningResult> {
  const repository = await openRepository(request.repositoryPath);
  const brought = request.pinned ?? NO_PINNED;
  const wanted = new Map<string, PinnedRequest>();
  const sources = await readCompileInput(repository, {
    event: request.event,
    head: request.head,
    wanted: isWantedContent,
    pinned: (tree) => {
      for (const one of wantedPinned(tree, brought)) wanted.set(pinnedKey(one), one);
      return Promise.resolve(brought);
    },
    baseRequest: (head, pinned) => ({ prefer: preferredBase(head, pinned), lastGreen: request.lastGreen }),
    ...(request.base === null ? {} : { base: request.base }),
  });
  if (wanted.size > 0)
    return { digest: null, canonical: null, diagnostics: [], wanted: [...wanted.values()] };
  const { backend = NO_ABILITIES, ...compiling } = rules;
  const { plan, digest, canonical, diagnostics } = compile({
    ...sources,
    compilerVersion: request.compilerVersion,
    request: { jobs: request.jobs, all: request.all },
    ...compiling,
  });
  const texts = inputTexts(sources);
  const places = new PlaceFinder(texts);
  const found = diagnostics.map((diagnostic) => placed(diagnostic, places, sources.head));
  const told = plan === null ? [] : toldAsDiagnostics(notCarriedOut(plan, backend), texts);
  const all = [...found, ...told];
  return told.some(({ severity }) => severity === "error")
    ? { digest: null, canonical: null, diagnostics: all, wanted: [] }
    : { digest, canonical, diagnostics: all, wanted: [] };
}

const NO_ABILITIES: BackendAbilities = { labels: false, network: false };

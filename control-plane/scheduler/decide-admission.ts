import type { AttemptId, RunId } from "../../schemas/ids.ts";
import { admit } from "./admission.ts";
import {
  GroupPlaces,
  supersededByNewer,
  supersededInLine,
  type Member,
  type Superseded,
} from "./concurrency.ts";
import type { Candidate, Capacity } from "./room.ts";

/** Everything that waits and everything that is in its way. */
export interface Waiting {
  readonly candidates: readonly Candidate[];
  readonly capacity: Omit<Capacity, "runWaits">;
  /** Runs that share a group with other runs, those that hold their place in it included. */
  readonly runs: readonly Member<RunId>[];
  /** Runs whose policy lets newer runs of their ref take their place, with who does. */
  readonly yielding: Superseded<RunId>;
}

export interface AdmissionDecision {
  /** In the order in which they are dispatched. */
  readonly admitted: readonly AttemptId[];
  /** Why each of the others waits, in the words that users read. */
  readonly pending: ReadonlyMap<AttemptId, string>;
  /** Attempts and runs that end because a newer one takes their place. */
  readonly supersededAttempts: Superseded<AttemptId>;
  readonly supersededRuns: Superseded<RunId>;
}

/**
 * Who may start, who waits and why, and who makes way. Runs come first, as what a run waits for all of its attempts
 * wait for. What nobody may wait for any more is thinned out before places are given away; those that let only
 * the newest wait are looked at when it is known who waits.
 */
export function decideAdmission({ candidates, capacity, runs, yielding }: Waiting): AdmissionDecision {
  const olderRuns = new Map([...supersededByNewer(runs), ...yielding]);
  const sharing = runs.map((run) => ending(run, olderRuns));
  const { waits, inLine } = giveRunsPlaces(sharing);
  const supersededRuns = new Map([...olderRuns, ...supersededInLine(inLine)]);

  const remaining = candidates.filter(({ run }) => !supersededRuns.has(run));
  const members = remaining.flatMap(({ member, run }) => (member === null || waits.has(run) ? [] : [member]));
  const olderAttempts = supersededByNewer([...capacity.inGroups, ...members]);
  const inGroups = capacity.inGroups.map((member) => ending(member, olderAttempts));
  const {
    admitted,
    pending,
    inLine: line,
  } = admit(
    remaining.filter(({ attempt }) => !olderAttempts.has(attempt)),
    { ...capacity, inGroups, runWaits: waits },
  );
  const thinned = supersededInLine(line.flatMap(({ member }) => member ?? []));
  const words = new Map([...pending, ...wordsOnceStarted(remaining, sharing, new Set(admitted))]);
  return {
    admitted,
    pending: new Map([...words].filter(([attempt]) => !thinned.has(attempt))),
    supersededAttempts: new Map([...olderAttempts, ...thinned]),
    supersededRuns,
  };
}

/** What the attempts of waiting runs wait for once the admitted ones have given their runs a place. */
function wordsOnceStarted(
  candidates: readonly Candidate[],
  runs: readonly Member<RunId>[],
  admitted: ReadonlySet<AttemptId>,
): ReadonlyMap<AttemptId, string> {
  const starting = new Set(candidates.filter(({ attempt }) => admitted.has(attempt)).map(({ run }) => run));
  const { waits } = giveRunsPlaces(runs.map((run) => (starting.has(run.id) ? { ...run, holds: true } : run)));
  return new Map(
    candidates.flatMap(({ attempt, run }): [AttemptId, string][] => {
      const words = waits.get(run);
      return words === undefined ? [] : [[attempt, words]];
    }),
  );
}

function ending<Id>(member: Member<Id>, superseded: Superseded<Id>): Member<Id> {
  return superseded.has(member.id) ? { ...member, isEnding: true } : member;
}

/** Runs that make way hold their places until they have ended. Older runs come first. */
function giveRunsPlaces(runs: readonly Member<RunId>[]): {
  readonly waits: ReadonlyMap<RunId, string>;
  readonly inLine: readonly Member<RunId>[];
} {
  const places = new GroupPlaces(
    runs.filter(({ holds }) => holds),
    " of its run",
  );
  const waits = new Map<RunId, string>();
  const inLine: Member<RunId>[] = [];
  for (const run of runs.filter(({ holds, isEnding }) => !holds && !isEnding).sort((a, b) => a.run - b.run)) {
    const words = places.whyNot(run);
    if (words === null) {
      places.keepFor(run);
    } else {
      waits.set(run.id, words);
      inLine.push(run);
    }
  }
  return { waits, inLine };
}

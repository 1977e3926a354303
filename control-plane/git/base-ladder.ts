import type { BaseRule, BaseRung, Uncertainty, UncertaintyCode } from "../../schemas/changes.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import { GitError } from "./git-error.ts";
import type { History, Meeting } from "./history.ts";
import type { BaseRequest } from "./model.ts";

export interface BaseQuestion {
  /** Full commit id. */
  readonly head: string;
  readonly explicit: string | null;
  readonly request: BaseRequest;
  readonly event: PipelineEvent;
}

export interface BaseChoice {
  readonly rule: BaseRule;
  /** The commit that was named or found; null means that everything counts as changed. */
  readonly base: string | null;
  /** Where base and head meet; null when they do not. */
  readonly mergeBase: string | null;
  readonly ladder: readonly BaseRung[];
  readonly uncertain: readonly Uncertainty[];
}

/** A rung either holds, or is passed over, or cannot be told: then nothing below it may narrow. */
type Rung =
  | { readonly taken: true; readonly why: string; readonly base: string; readonly mergeBase: string | null }
  | {
      readonly taken: false;
      readonly why: string;
      readonly doubt: UncertaintyCode | null;
      readonly missing?: string;
    };

const RULES = ["explicit", "last_green", "merge_base", "before", "first_parent"] as const;

/**
 * Climbs the base ladder and records each rung. Where a rung applies and its commit is missing, the
 * answer is everything: a lower rung would be narrower than what was meant.
 */
export async function chooseBase(history: History, question: BaseQuestion): Promise<BaseChoice> {
  const ladder: BaseRung[] = [];
  for (const rule of RULES) {
    const rung = await climb(rule, history, question);
    const { taken, why } = rung;
    ladder.push({ rule, taken, why, ...("missing" in rung && { missing: rung.missing }) });
    if (rung.taken) {
      return { rule, base: rung.base, mergeBase: rung.mergeBase, ladder, uncertain: [] };
    }
    if (rung.doubt !== null) {
      const doubt = { code: rung.doubt, detail: rung.why, paths: [], added: ["*"] };
      return everything([...ladder, { rule: "everything", taken: true, why: rung.why }], [doubt]);
    }
  }
  const why = "no commit to compare with is known";
  const certain = ladder.at(-1)?.why === NO_PARENT;
  const doubt: Uncertainty = { code: "base_missing", detail: why, paths: [], added: ["*"] };
  return everything([...ladder, { rule: "everything", taken: true, why }], certain ? [] : [doubt]);
}

function everything(ladder: readonly BaseRung[], uncertain: readonly Uncertainty[]): BaseChoice {
  return { rule: "everything", base: null, mergeBase: null, ladder, uncertain };
}

async function climb(rule: (typeof RULES)[number], history: History, question: BaseQuestion): Promise<Rung> {
  switch (rule) {
    case "explicit":
      return await explicitBase(history, question);
    case "last_green":
      return await lastGreenBase(history, question);
    case "merge_base":
      return await mergeBase(history, question);
    case "before":
      return await beforeBase(history, question);
    case "first_parent":
      return await firstParent(history, question);
    default:
      return rule satisfies never;
  }
}

function passed(why: string, doubt: UncertaintyCode | null = null): Rung {
  return { taken: false, why, doubt };
}

/** A commit that history does not hold: a shallow clone says so by its own code. */
function missing(history: History, what: string, commit: string | null = null): Rung {
  if (history.shallow) return passed(`${what} is not in this shallow history`, "history_shallow");
  const rung = { taken: false, why: `${what} is not in this repository`, doubt: "base_missing" } as const;
  return commit === null ? rung : { ...rung, missing: commit };
}

function unrelated(history: History, meeting: Meeting, what: string): Rung | null {
  if (meeting.commit === null && !history.shallow) {
    return passed(`the commit shares no history with ${what}`, "base_missing");
  }
  if (meeting.commit === null || !meeting.complete) {
    return passed(`history is cut off before it meets ${what}`, "history_shallow");
  }
  return null;
}

function choice({ count }: Meeting): string {
  return count > 1 ? `, the first of ${count}` : "";
}

async function explicitBase(history: History, question: BaseQuestion): Promise<Rung> {
  const { explicit, head, request } = question;
  if (explicit === null) {
    const isRef = !["auto", "merge_base", "last_green"].includes(request.prefer);
    return isRef ? await askedRef(history, question) : passed("no base was given");
  }
  const base = await history.commit(explicit);
  if (base === null) {
    throw new GitError("unknown_revision", `the base ${JSON.stringify(explicit)} names no commit here`);
  }
  const meeting = await history.meeting(base, head);
  if (meeting.commit === base) return { taken: true, why: "given", base, mergeBase: base };
  // Without a certain meeting point the two trees are compared as they are, which hides nothing.
  if (meeting.commit === null || !meeting.complete) {
    return {
      taken: true,
      why: "given; compared directly, for no common commit is known",
      base,
      mergeBase: null,
    };
  }
  const why = `given; compared from the commit where it meets the head${choice(meeting)}`;
  return { taken: true, why, base, mergeBase: meeting.commit };
}

/** A ref that the pipeline names. It is passed over for its own commits, which it would call unchanged. */
async function askedRef(history: History, { head, request }: BaseQuestion): Promise<Rung> {
  const rung = await meetTarget(history, head, [request.prefer]);
  return rung.taken && rung.base === head ? passed(`the commit is on ${request.prefer} already`) : rung;
}

async function lastGreenBase(history: History, { request, head }: BaseQuestion): Promise<Rung> {
  if (request.prefer !== "last_green") return passed("not asked for");
  const { lastGreen = null } = request;
  if (lastGreen === null) return passed("the last green run was asked for and there is none", "base_missing");
  const commit = await history.commit(lastGreen);
  if (commit === null) return missing(history, `the last green commit ${lastGreen}`, lastGreen);
  const meeting = await history.meeting(commit, head);
  const doubt = unrelated(history, meeting, "the last green commit");
  if (doubt !== null) return doubt;
  if (meeting.commit === head && commit !== head) {
    const why = "the last green commit; compared directly, for it came after the head";
    return { taken: true, why, base: commit, mergeBase: null };
  }
  const why =
    meeting.commit === commit ? "the last green commit" : "where head and the last green commit meet";
  return { taken: true, why: `${why}${choice(meeting)}`, base: commit, mergeBase: meeting.commit };
}

/** Short name of the branch a ref is, null for a tag or a bare commit. */
function branchOf(ref: string): string | null {
  return ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null;
}

async function mergeBase(history: History, question: BaseQuestion): Promise<Rung> {
  const { event, head } = question;
  const pull = event.pull_request;
  if (pull !== null) return await meetTarget(history, head, [pull.target_sha, pull.target_ref]);
  if (event.ref.startsWith("refs/tags/")) return passed("a tag has no branch to be compared with");
  const target = event.default_branch === null ? null : shortBranch(event.default_branch);
  if (target === null) return passed("the default branch is not known");
  if (branchOf(event.ref) === target) return passed(`${target} is the default branch itself`);
  const rung = await meetTarget(history, head, [target]);
  const onDefault = rung.taken && rung.base === head && branchOf(event.ref) === null;
  return onDefault ? passed(`the commit is on ${target} already`) : rung;
}

function shortBranch(branch: string): string {
  return branchOf(branch) ?? branch;
}

/** A server's mirror has the branch itself; a clone has what it last saw of it, which is nearer to the truth. */
function branchRevisions(name: string): string[] {
  if (!isRefName(name)) return [];
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) return [name];
  if (name.startsWith("refs/") && branchOf(name) === null) return [name];
  const short = shortBranch(name);
  return [`refs/remotes/origin/${short}`, `refs/heads/${short}`];
}

/**
 * A pipeline may name a ref and nothing else that git calls a revision: `main^{/(a*)*\1b}` looks through all
 * messages by a regular expression, which git does not give up.
 */
function isRefName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/^-|\.\.|@\{|[\0-\x20\x7f~^:?*[\\]/.test(name);
}

async function meetTarget(history: History, head: string, names: readonly string[]): Promise<Rung> {
  const shown = shortBranch(names.at(-1) ?? "");
  for (const revision of names.flatMap(branchRevisions)) {
    const target = await history.commit(revision);
    if (target === null) continue;
    const meeting = await history.meeting(target, head);
    const doubt = unrelated(history, meeting, shown);
    if (doubt !== null || meeting.commit === null) return doubt ?? missing(history, shown);
    const why = `where the head meets ${shown}${choice(meeting)}`;
    return { taken: true, why, base: meeting.commit, mergeBase: meeting.commit };
  }
  return missing(history, `the target branch ${shown}`);
}

async function beforeBase(history: History, { event, head, request }: BaseQuestion): Promise<Rung> {
  if (request.prefer === "merge_base") return passed("a merge base was asked for", "base_missing");
  if (event.kind !== "push" || branchOf(event.ref) === null) return passed("not a push to a branch");
  const { before } = event;
  if (before === null || /^0+$/.test(before)) return passed("the push names no commit before it");
  const commit = await history.commit(before);
  if (commit === null) return missing(history, `the commit before the push, ${before},`, before);
  const meeting = await history.meeting(commit, head);
  if (meeting.commit === commit) {
    return { taken: true, why: "the commit before the push", base: commit, mergeBase: commit };
  }
  const doubt = unrelated(history, meeting, "the commit before the push");
  if (doubt !== null) return doubt;
  const why = `history was rewritten: where the head meets the commit before the push${choice(meeting)}`;
  return { taken: true, why, base: commit, mergeBase: meeting.commit };
}

const NO_PARENT = "the commit has no parent";

async function firstParent(history: History, { event, head }: BaseQuestion): Promise<Rung> {
  const target = event.default_branch === null ? null : shortBranch(event.default_branch);
  if (target === null) return passed("the default branch is not known");
  if (event.ref.startsWith("refs/tags/")) return passed("a tag is not a step of the default branch");
  const branch = branchOf(event.ref);
  if (branch !== null && branch !== target) return passed(`${branch} is not the default branch`);
  const parent = (await history.parents(head))[0];
  if (parent === undefined) return passed(NO_PARENT);
  if ((await history.commit(parent)) === null) return missing(history, `the first parent ${parent}`, parent);
  return { taken: true, why: `the first parent on ${target}`, base: parent, mergeBase: parent };
}

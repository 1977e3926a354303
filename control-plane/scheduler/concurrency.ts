import type { PlanConcurrency } from "../../schemas/plan.ts";

/** A concurrency group as one of its members asks for it. */
export interface Group {
  /** Tells groups of one name apart: by repository, and runs from forks from all others. */
  readonly key: string;
  readonly name: string;
  readonly limit: number;
  readonly onConflict: PlanConcurrency["on_conflict"];
}

/** What shares a group with others: an attempt, or a whole run. */
export interface Member<Id> {
  readonly id: Id;
  readonly group: Group;
  /** Number of its run in the repository. Members of one run are neither older nor newer than each other. */
  readonly run: number;
  /** What people call it: `deploy of run 12`. */
  readonly label: string;
  /** It has a place in the group; else it waits for one. */
  readonly holds: boolean;
  /** It is being stopped and keeps its place until it has ended. */
  readonly isEnding: boolean;
  /** A newer member may end it. */
  readonly mayBeEnded: boolean;
}

/** Members that must make way, with who takes their place. */
export type Superseded<Id> = ReadonlyMap<Id, string>;

/**
 * Who makes way for newer members that cancel older ones: the newest `limit` stay. Members that are ending
 * take nobody's place.
 */
export function supersededByNewer<Id>(members: readonly Member<Id>[]): Superseded<Id> {
  const superseded = new Map<Id, string>();
  for (const line of Map.groupBy(members, ({ group }) => group.key).values()) {
    const lasting = line.filter(({ isEnding }) => !isEnding).sort((a, b) => a.run - b.run);
    if (!lasting.some(({ group }) => group.onConflict === "cancel_older")) continue;
    for (const member of lasting) {
      const newer = lasting.filter(({ run }) => run > member.run);
      // With each newcomer, as if it came now: those before it count, those after it do not.
      const by = newer.find(
        ({ group }, index) => group.onConflict === "cancel_older" && index + 1 >= group.limit,
      );
      if (by !== undefined && member.mayBeEnded) superseded.set(member.id, by.label);
    }
  }
  return superseded;
}

/** Of those that wait for their group, who makes way for a newer one that wants to be the only one to wait. */
export function supersededInLine<Id>(waiting: readonly Member<Id>[]): Superseded<Id> {
  const superseded = new Map<Id, string>();
  for (const line of Map.groupBy(waiting, ({ group }) => group.key).values()) {
    const only = line
      .filter(({ group }) => group.onConflict === "latest")
      .reduce<Member<Id> | null>((last, one) => (last === null || one.run > last.run ? one : last), null);
    for (const { id, run, mayBeEnded } of line) {
      if (only !== null && run < only.run && mayBeEnded) superseded.set(id, only.label);
    }
  }
  return superseded;
}

/** What a group has given away: the places that are held, and those kept for members that wait for something else. */
interface Places {
  limit: number;
  readonly holders: Member<unknown>[];
  readonly kept: string[];
}

/** The places of all groups while they are given away. */
export class GroupPlaces {
  readonly #places = new Map<string, Places>();

  readonly #whose: "" | " of its run";

  constructor(holders: readonly Member<unknown>[], whose: "" | " of its run" = "") {
    this.#whose = whose;
    for (const holder of holders) this.take(holder);
  }

  /** Why a member has to wait for its group, in the words that users read; null when there is a place for it. */
  whyNot({ group }: Pick<Member<unknown>, "group">): string | null {
    const places = this.#of(group);
    // The smallest limit holds, of those that run and of those that come first: nobody is overtaken for ever.
    places.limit = Math.min(places.limit, group.limit);
    const { limit, holders, kept } = places;
    if (holders.length + kept.length < limit) return null;
    const [first] = holders;
    const wait = `waits for concurrency group ${group.name}${this.#whose}`;
    if (holders.length < limit || first === undefined) return `${wait}: ${kept[0]} is first and waits too`;
    const oldest = holders.length === 1 ? "by" : "the oldest by";
    const ending = first.isEnding ? ", which is being stopped" : "";
    return `${wait}: ${holders.length} of ${limit} in use, ${oldest} ${first.label}${ending}`;
  }

  take(member: Member<unknown>): void {
    const places = this.#of(member.group);
    places.limit = Math.min(places.limit, member.group.limit);
    places.holders.push(member);
  }

  /** Its turn has come and something else holds it up: nobody after it takes its place. */
  keepFor({ group, label }: Pick<Member<unknown>, "group" | "label">): void {
    this.#of(group).kept.push(label);
  }

  #of({ key }: Group): Places {
    const known = this.#places.get(key);
    const places = known ?? { limit: Number.POSITIVE_INFINITY, holders: [], kept: [] };
    this.#places.set(key, places);
    return places;
  }
}

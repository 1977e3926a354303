import {
  readCaredFor,
  readObservable,
  readPlacedBetween,
  type ObservableAttempt,
} from "../db/observations.ts";
import { isNews, recordObservations, saysNoRunner } from "../lifecycle/observe.ts";
import type { Dispatcher, Hint, Observation, RunnerPage } from "../../schemas/dispatcher.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

/** Long enough for a runner to notice by itself that its attempt is over. */
const ORPHAN_GRACE_MS = 10_000;
/** A runner whose report was taken still has to leave. */
const ENDING_MS = 15_000;
/** Everything the backend has is listed once in so many passes: within a minute, when a pass comes every 10 s. */
const PASSES_IN_ROUND = 5;
/** Attempts written in one transaction, whose runs are locked meanwhile. */
const WRITTEN_AT_ONCE = 200;

/** How one control plane compares what the backend shows with what the database says. */
export interface Observing {
  /** Remembers what the next pass looks at first. */
  hint(hint: Hint): void;
  /**
   * Looks at the attempts that hints named, and at the next page of the backend's list for what hints
   * missed; writes what has changed. The first pass, and one after a hint that names nobody, reads all
   * pages. Throws when the backend or the database is away; nothing is forgotten then.
   */
  pass(): Promise<void>;
}

/**
 * What the backend shows are hints: they explain a wait, and end one early when no runner will come.
 * Runners of attempts that have ended, or that nobody knows, are stopped. A pass costs what has
 * changed and a page of names, however many live.
 */
export function createObserving(context: TaskContext): Observing {
  const { dispatcher } = context;
  let hinted = new Set<AttemptId>();
  let isWhole = true;
  let round: Round = { page: null, after: null, pages: 0 };
  let pagesInRound = 1;

  const nextPage = async (): Promise<void> => {
    const page = await dispatcher.list(round.page);
    try {
      await lookAtPage(context, page, round.after);
    } catch (error) {
      // The backend may think that these were seen; what they showed may not have been written down.
      for (const attempt of page.changed) hinted.add(attempt);
      throw error;
    }
    const pages = round.pages + 1;
    if (page.next === null) {
      pagesInRound = pages;
      round = { page: null, after: null, pages: 0 };
    } else {
      round = { page: page.next, after: page.upTo, pages };
    }
  };
  return {
    hint(hint) {
      if (hint === "any") {
        isWhole = true;
      } else {
        for (const attempt of hint) hinted.add(attempt);
      }
    },
    async pass() {
      const [named, whole] = [hinted, isWhole];
      hinted = new Set();
      isWhole = false;
      try {
        for (const early of await lookAtNamed(context, [...named])) hinted.add(early);
        if (whole) {
          round = { page: null, after: null, pages: 0 };
        }
        const pagesNow = whole ? Number.POSITIVE_INFINITY : Math.ceil(pagesInRound / PASSES_IN_ROUND);
        let read = 0;
        do {
          await nextPage();
          read++;
        } while (read < pagesNow && round.page !== null);
      } catch (error) {
        for (const attempt of named) hinted.add(attempt);
        isWhole ||= whole;
        throw error;
      }
    },
  };
}

/** How far the listing has come. */
interface Round {
  readonly page: string | null;
  /** The last attempt that the pages before spoke for. */
  readonly after: AttemptId | null;
  readonly pages: number;
}

/** Gives back the attempts that are looked at too early: whether their backend has them is not written down yet. */
async function lookAtNamed(context: TaskContext, named: readonly AttemptId[]): Promise<readonly AttemptId[]> {
  if (named.length === 0) {
    return [];
  }
  const ours = await readObservable(context.database, named);
  await look(
    context,
    ours.filter(({ placed }) => placed),
  );
  const known = new Set(ours.map(({ id }) => id));
  await stopOrphans(
    context,
    named.filter((id) => !known.has(id)),
  );
  return ours.filter(({ placed }) => !placed).map(({ id }) => id);
}

async function lookAtPage(context: TaskContext, page: RunnerPage, after: AttemptId | null): Promise<void> {
  const ours = await readPlacedBetween(context.database, after, page.upTo);
  const [listed, changed] = [new Set(page.attempts), new Set(page.changed)];
  // What the backend does not list has ended or is unknown to it.
  await look(
    context,
    ours.filter(({ id }) => changed.has(id) || !listed.has(id)),
  );
  const known = new Set(ours.map(({ id }) => id));
  await stopOrphans(
    context,
    page.attempts.filter((id) => !known.has(id)),
  );
}

/** Observes these and writes down what is new. */
async function look(
  { database, dispatcher }: TaskContext,
  attempts: readonly ObservableAttempt[],
): Promise<void> {
  if (attempts.length === 0) {
    return;
  }
  const byId = new Map(attempts.map((attempt) => [attempt.id, attempt]));
  const news = (await dispatcher.observe([...byId.keys()])).flatMap((observation) => {
    const attempt = byId.get(observation.attemptId);
    return attempt !== undefined && isNews(attempt, observation) ? [{ attempt, observation }] : [];
  });
  for (let at = 0; at < news.length; at += WRITTEN_AT_ONCE) {
    const part = news.slice(at, at + WRITTEN_AT_ONCE);
    await recordObservations(database, await Promise.all(part.map((one) => withLastWords(dispatcher, one))));
  }
}

interface News {
  readonly attempt: ObservableAttempt;
  readonly observation: Observation;
}

/** An attempt that ends because no runner came says why, as far as its backend knows. */
async function withLastWords(dispatcher: Dispatcher, news: News): Promise<News> {
  const { attempt, observation } = news;
  if (attempt.state !== "dispatched" || !saysNoRunner(observation)) return news;
  const words = await dispatcher.lastWords(attempt.id);
  if (words === null) return news;
  const detail = observation.detail === null ? words : `${observation.detail}; ${words}`;
  return { attempt, observation: { ...observation, detail } };
}

async function stopOrphans(
  { database, dispatcher, log }: TaskContext,
  attempts: readonly AttemptId[],
): Promise<void> {
  if (attempts.length === 0) {
    return;
  }
  // Read after the backend was: an attempt may have been dispatched since, and its runner been seen.
  const caredFor = await readCaredFor(database, attempts, ENDING_MS);
  const orphans = attempts.filter((id) => !caredFor.has(id));
  const seen: readonly Observation[] = orphans.length === 0 ? [] : await dispatcher.observe(orphans);
  for (const { attemptId, state } of seen) {
    if (state === "pending" || state === "running") {
      const { status } = await dispatcher.stop({ attemptId, graceMs: ORPHAN_GRACE_MS });
      log.warn({ attempt: attemptId, status }, "a runner without an attempt is being stopped");
    }
  }
}

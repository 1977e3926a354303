import { acknowledgeCancel, completeAttempt } from "../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease, takeHeartbeat } from "../../control-plane/lifecycle/heartbeat.ts";
import { hashToken } from "../../control-plane/lifecycle/tokens.ts";
import type { MessageAnswer } from "../../control-plane/lifecycle/runner-message.ts";
import { TEST_TIMING, type World } from "../support/control-plane-world.ts";
import { hold } from "./history-checker.ts";
import type { Random } from "./random.ts";

/** A runner's right to speak, as it was granted. Newer grants of the same lease make the token of this one stale. */
export interface KnownLease {
  readonly id: string;
  readonly token: string;
  readonly epoch: number;
  readonly seqs: Record<Kind, number>;
}

type Kind = "ack" | "heartbeat" | "complete" | "cancel_ack";
const KINDS: readonly Kind[] = ["ack", "ack", "heartbeat", "heartbeat", "complete", "cancel_ack"];

interface Sent {
  readonly kind: Kind;
  readonly lease: KnownLease;
  readonly epoch: number;
  readonly seq: number;
  readonly variant: number;
  answer: MessageAnswer<unknown>;
}

const ENDINGS = [
  { outcome: "succeeded", reason: "ok", exit_code: 0 },
  { outcome: "succeeded", reason: "ok", exit_code: 0 },
  { outcome: "failed", reason: "step_failed", exit_code: 1 },
  { outcome: "failed", reason: "runner_error", exit_code: null },
  { outcome: "timed_out", reason: "step_timeout", exit_code: null },
] as const;
const STOPPED = { confirmed: "process_group_gone" } as const;
const PHASES = ["starting", "running", "uploading"] as const;

/** Everything that a message of this run could change, as one text. */
export async function fingerprint({ database }: World, run: string): Promise<string> {
  const [row] = await database<{ print: string }[]>`
    select md5(jsonb_build_array(
      (select to_jsonb(r) from delta.runs r where id = ${run}),
      (select jsonb_agg(to_jsonb(j) order by id) from delta.jobs j where run_id = ${run}),
      (select jsonb_agg(to_jsonb(a) order by id) from delta.attempts a where run_id = ${run}),
      (select jsonb_agg(to_jsonb(l) order by l.id) from delta.leases l
        join delta.attempts a on a.id = l.attempt_id where a.run_id = ${run}),
      (select count(*) from delta.runner_messages), (select count(*) from delta.audit_events))::text) as print`;
  return row?.print ?? "";
}

/** Sends what runners send, rightly and wrongly, and knows what each message must be answered. */
export class RunnerDriver {
  readonly leases: KnownLease[] = [];
  readonly #world: World;
  readonly #random: Random;
  readonly #sent: Sent[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** One message, of a random kind, from a random holder, right or wrong. Unchecked: for races. */
  async send(): Promise<Sent | null> {
    if (this.leases.length === 0) {
      return null;
    }
    const lease = this.#random.chance(0.8) ? this.leases.at(-1) : this.#random.pick(this.leases);
    if (lease === undefined) {
      return null;
    }
    const kind = this.#random.pick(KINDS);
    lease.seqs[kind] += 1;
    const epoch = this.#random.chance(0.1) ? lease.epoch + 1 + this.#random.below(2) : lease.epoch;
    const message = { kind, lease, epoch, seq: lease.seqs[kind], variant: this.#random.below(60) };
    const sent = { ...message, answer: await this.#deliver(message) };
    this.#sent.push(sent);
    return sent;
  }

  /** The same, alone: the answer must be the one that the rows before it demand. */
  async sendChecked(run: string): Promise<void> {
    const before = await fingerprint(this.#world, run);
    const holdsBefore = await this.#holders();
    const sent = await this.send();
    if (sent === null) {
      return;
    }
    const { lease, epoch, kind, answer } = sent;
    const rightful = epoch === lease.epoch && holdsBefore.has(`${lease.id} ${tokenKey(lease.token)}`);
    hold(
      rightful || answer.status === "stale_lease",
      `I3, I7: a ${kind} of a stale holder was answered ${answer.status}`,
    );
    hold(!rightful || answer.status !== "stale_lease", `a ${kind} of the rightful holder was called stale`);
    if (answer.status !== "ok") {
      hold((await fingerprint(this.#world, run)) === before, `I3: a refused ${kind} changed something`);
    }
  }

  /** An old message comes once more, alone: it gets its old answer, or its refusal, and changes nothing. */
  async repeatChecked(run: string): Promise<void> {
    if (this.#sent.length === 0) {
      return;
    }
    const sent = this.#random.pick(this.#sent);
    if (sent.answer.status !== "ok" || !(await this.#isCurrentToken(sent.lease))) {
      return;
    }
    const before = await fingerprint(this.#world, run);
    const again = await this.#deliver(sent);
    hold(
      JSON.stringify(again) === JSON.stringify(sent.answer),
      `I6: a repeated ${sent.kind} got another answer`,
    );
    const other = await this.#deliver({ ...sent, variant: sent.variant + 1 });
    const same =
      JSON.stringify(bodyOf(sent)) === JSON.stringify(bodyOf({ ...sent, variant: sent.variant + 1 }));
    hold(
      same || other.status === "seq_conflict",
      `I6: a number with another body was answered ${other.status}`,
    );
    hold((await fingerprint(this.#world, run)) === before, `I6: a repeated ${sent.kind} changed something`);
  }

  async #deliver(message: Omit<Sent, "answer">): Promise<MessageAnswer<unknown>> {
    const { database } = this.#world;
    const { lease } = message;
    const sender = { leaseId: lease.id, token: lease.token };
    const { kind, body } = bodyOf(message);
    switch (kind) {
      case "ack":
        return acknowledgeLease(database, sender, body);
      case "heartbeat":
        return takeHeartbeat(database, sender, body, TEST_TIMING);
      case "complete":
        return completeAttempt(database, sender, body);
      case "cancel_ack":
        return acknowledgeCancel(database, sender, body);
      default:
        return kind satisfies never;
    }
  }

  /** Leases that hold by the database's clock, with the token that is good for each now. */
  async #holders(): Promise<ReadonlySet<string>> {
    const rows = await this.#world.database<{ id: string; token: Buffer }[]>`
      select id, token_hash as token from delta.leases
      where state in ('granted', 'active') and expires_at > clock_timestamp()`;
    return new Set(rows.map(({ id, token }) => `${id} ${token.toString("hex")}`));
  }

  async #isCurrentToken({ id, token }: KnownLease): Promise<boolean> {
    const rows = await this.#world.database<{ token: Buffer }[]>`
      select token_hash as token from delta.leases where id = ${id}`;
    return rows[0]?.token.toString("hex") === tokenKey(token);
  }
}

function bodyOf({ kind, epoch, seq, variant }: Omit<Sent, "answer" | "lease">) {
  const common = { epoch, seq };
  switch (kind) {
    case "ack":
      return { kind, body: common };
    case "heartbeat": {
      const phase = PHASES[variant % PHASES.length] ?? "starting";
      return { kind, body: { ...common, phase, steps: [] } };
    }
    case "complete": {
      const ending = ENDINGS[variant % ENDINGS.length] ?? ENDINGS[0];
      return { kind, body: { ...common, ...ending, summary: String(variant), steps: [] } };
    }
    case "cancel_ack":
      return { kind, body: { ...common, ...STOPPED, killed: variant % 2 === 0, steps: [] } };
    default:
      return kind satisfies never;
  }
}

function tokenKey(token: string): string {
  return hashToken(token).toString("hex");
}

import { randomBytes } from "node:crypto";
import { Pool } from "undici";
import type { Dispatcher } from "../../../schemas/dispatcher.ts";
import type { ClaimReply } from "../../../schemas/runner-protocol.ts";

/** Runner processes are not what is tested; their messages are. So many speak at once. */
const AT_ONCE = 16;

/**
 * Speaks the runner protocol for attempts whose allocations run nothing: claims, acknowledges and
 * completes each once, as a real runner of a job without steps would.
 */
export class FakeRunners {
  /** How often each attempt's dispatch was asked for. */
  readonly asked = new Map<string, number>();
  /** Epochs granted to each attempt. */
  readonly epochs = new Map<string, number[]>();
  readonly #tokens = new Map<string, string>();
  readonly #begun = new Set<string>();
  #plane: Pool | null = null;

  /** Learns what a runner would: the claim token of each attempt that is dispatched. */
  around(dispatcher: Dispatcher): Dispatcher {
    const dispatch = dispatcher.dispatch.bind(dispatcher);
    dispatcher.dispatch = async (request) => {
      this.asked.set(request.attemptId, (this.asked.get(request.attemptId) ?? 0) + 1);
      this.#tokens.set(request.attemptId, request.claimToken);
      return dispatch(request);
    };
    return dispatcher;
  }

  connect(controlPlaneUrl: string): void {
    this.#plane = new Pool(controlPlaneUrl, { connections: AT_ONCE });
  }

  /** The attempt's allocation runs. A second call for the same one is a second start, and does nothing. */
  async run(attemptId: string): Promise<void> {
    const token = this.#tokens.get(attemptId);
    if (token === undefined || this.#begun.has(attemptId)) return;
    this.#begun.add(attemptId);
    const runner = { version: "1", os: "linux", arch: "x64", hostname: "fake" };
    const nonce = randomBytes(16).toString("base64url");
    const proof = { kind: "claim_token", token };
    const claim = { attempt_id: attemptId, proof, boot_nonce: nonce, runner };
    const { lease } = await this.#post<ClaimReply>("/runner/v1/claim", null, claim);
    this.epochs.set(attemptId, [...(this.epochs.get(attemptId) ?? []), lease.epoch]);
    const { epoch } = lease;
    await this.#post(`/runner/v1/leases/${lease.id}/ack`, lease.token, { epoch, seq: 1 });
    const end = { outcome: "succeeded", reason: "ok", exit_code: 0, summary: "", steps: [] };
    await this.#post(`/runner/v1/leases/${lease.id}/complete`, lease.token, { epoch, seq: 2, ...end });
  }

  async close(): Promise<void> {
    await this.#plane?.close();
  }

  async #post<Reply>(path: string, token: string | null, body: object): Promise<Reply> {
    if (this.#plane === null) throw new Error("the runners do not know their control plane");
    const headers = {
      "content-type": "application/json",
      ...(token !== null && { authorization: `Bearer ${token}` }),
    };
    const answer = await this.#plane.request({ method: "POST", path, headers, body: JSON.stringify(body) });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as Reply;
  }
}

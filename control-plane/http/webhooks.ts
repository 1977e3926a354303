import type { FastifyInstance } from "fastify";
import type { Forge } from "../../schemas/forge.ts";
import { WEBHOOK_BODY_BYTES_MAX } from "../../schemas/limits.ts";
import type { Database } from "../db/client.ts";
import { acceptDelivery } from "./accept-delivery.ts";
import { HttpError } from "./errors.ts";
import { parseGuarded } from "./json-guard.ts";

export interface WebhookDependencies {
  readonly database: Database;
  /** Without it GitHub's deliveries are refused as unknown. */
  readonly github: Forge;
}

/**
 * `POST /webhooks/github`. Order matters: the signature is checked over the raw bytes before
 * anything is parsed or stored, and success is answered only after the commit.
 *
 * 202 stored, a run follows; 200 stored, nothing follows; 400 malformed; 401 forged; 409 the key is
 * known with another body; 413 too large; 503 the database is away (the forge shows it as failed).
 */
export function registerWebhooks(app: FastifyInstance, dependencies: WebhookDependencies): void {
  const { database, github } = dependencies;
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (_request, body, done) => {
      done(null, body);
    });
    scope.post("/webhooks/github", { bodyLimit: WEBHOOK_BODY_BYTES_MAX }, async (request, reply) => {
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      if (!github.verify(body, request.headers)) {
        throw new HttpError("unauthorized", "the signature does not hold for this body");
      }
      const identity = github.identify(request.headers);
      if (identity === null) {
        throw new HttpError("invalid_request", "x-github-delivery or x-github-event is missing or malformed");
      }
      const parsed = parseGuarded(body);
      if (!parsed.ok) {
        throw new HttpError("invalid_request", parsed.why);
      }
      const reading = github.read(identity.eventName, parsed.value);
      const answer = await acceptDelivery(database, { forge: "github", ...identity, body, reading });
      if (answer.kind === "conflict") {
        request.log.warn(
          { security: "delivery_conflict", delivery: answer.delivery, key: identity.key },
          "a delivery came again with another body",
        );
        throw new HttpError("conflict", "this delivery is known with another body");
      }
      if (answer.state === "refused") {
        throw new HttpError("invalid_request", `the ${identity.eventName} payload: ${answer.note ?? ""}`);
      }
      const { delivery, state, note, run } = answer;
      return reply.code(state === "accepted" ? 202 : 200).send({ delivery, state, note, run });
    });
  });
}

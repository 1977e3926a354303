import type { FastifyReply } from "fastify";

/** Pages tell of a moment and of things only signed-in people see, so nothing keeps them. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type("text/html; charset=utf-8").header("cache-control", "no-store").send(page);
}

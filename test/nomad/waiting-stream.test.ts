import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NomadClient } from "../../nomad/client.ts";
import { nomadConfig } from "../support/nomad/requests.ts";

/** A Nomad whose event streams begin and say nothing. */
async function silentNomad(): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(200).flushHeaders());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("an event stream that waits for the connection of another is given up at once when told to, and the next one comes", async () => {
  const client = new NomadClient(nomadConfig(await silentNomad()));
  onTestFinished(() => client.close());
  const first = await client.open("/event/stream", [], new AbortController().signal);
  first.body.on("error", () => null);
  const leave = new AbortController();
  const waiting = client.open("/event/stream", [], leave.signal);
  setImmediate(() => leave.abort());
  await expect(waiting).rejects.toMatchObject({ failure: "timeout" });
  const next = await client.open("/event/stream", [], new AbortController().signal);
  expect(next.statusCode).toBe(200);
  next.body.on("error", () => null);
});

import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { pipeToRelay } from "../../runner/pipe.ts";
import { relaySettings } from "../../runner/relay-command.ts";
import { type Relay, type RelaySettings, startRelay } from "../../runner/relay.ts";

interface World {
  readonly socketPath: string;
  readonly relay: Relay;
  readonly settings: RelaySettings;
  /** Connections that reached the far end, oldest first. */
  readonly arrived: Socket[];
}

async function open(serve: (socket: Socket) => void, changes: Partial<RelaySettings> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "delta-relay-"));
  const arrived: Socket[] = [];
  const far = createServer({ allowHalfOpen: true }, (socket) => {
    arrived.push(socket);
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  far.listen(0, "127.0.0.1");
  await once(far, "listening");
  const settings: RelaySettings = {
    socketPath: join(folder, "control.sock"),
    controlPlane: new URL(`http://127.0.0.1:${(far.address() as AddressInfo).port}`),
    ca: null,
    connectionsMax: 4,
    idleMs: 10_000,
    connectMs: 5_000,
    ...changes,
  };
  const relay = await startRelay(settings);
  onTestFinished(async () => {
    await relay.close().catch(() => null);
    for (const socket of arrived) socket.destroy();
    far.close();
    await rm(folder, { recursive: true });
  });
  return { socketPath: settings.socketPath, relay, settings, arrived };
}

const echo = (socket: Socket): void => void socket.pipe(socket);

describe("relay", () => {
  test("carries bytes both ways, and the end of each direction alone", async () => {
    const world = await open(echo);
    const client = connect({ path: world.socketPath, allowHalfOpen: true });
    client.end("hello");
    expect(await text(client)).toBe("hello");
  });

  test("a slow reader slows the sender down instead of filling memory", async () => {
    const world = await open((socket) => socket.pause());
    const client = connect(world.socketPath);
    const piece = Buffer.alloc(1024 * 1024);
    let sent = 0;
    while (client.write(piece) || (await drained(client))) {
      sent += 1;
      if (sent > 64) break;
    }
    expect(sent).toBeLessThan(64);
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(64 * piece.length);
    client.destroy();
  });

  test("the last bytes arrive although the far end closed long ago", async () => {
    const size = 8 * 1024 * 1024;
    const world = await open((socket) => {
      socket.resume();
      socket.end(Buffer.alloc(size));
    });
    const client = connect({ path: world.socketPath, allowHalfOpen: true });
    client.end();
    let read = 0;
    for await (const piece of client) {
      read += (piece as Buffer).length;
      if (read < size / 2) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(read).toBe(size);
  });

  test("one connection too many is closed, and room that was made is used again", async () => {
    const world = await open(echo);
    const clients = await Promise.all(Array.from({ length: 4 }, () => talk(world.socketPath)));
    const fifth = connect(world.socketPath);
    fifth.resume();
    fifth.on("error", () => null);
    await once(fifth, "close");
    clients[0]?.destroy();
    await expect.poll(() => world.relay.connections).toBe(3);
    clients.push(await talk(world.socketPath));
    for (const client of clients) client.destroy();
  });

  test("a silent connection is closed, a busy one is not", async () => {
    const world = await open(echo, { idleMs: 3_000 });
    const silent = await talk(world.socketPath);
    const busy = await talk(world.socketPath);
    const beat = setInterval(() => busy.write("."), 50);
    await once(silent, "close");
    expect(busy.destroyed).toBe(false);
    clearInterval(beat);
    busy.destroy();
  });

  test("a control plane that is away closes the connection, and the relay goes on", async () => {
    const world = await open(echo, { controlPlane: new URL("http://127.0.0.1:9") });
    for (let tries = 0; tries < 2; tries += 1) {
      const client = connect(world.socketPath);
      client.resume();
      client.on("error", () => null);
      await once(client, "close");
    }
    await expect.poll(() => world.relay.connections).toBe(0);
  });

  test("a broken far end closes the near one", async () => {
    const world = await open(echo);
    const client = await talk(world.socketPath);
    world.arrived[0]?.resetAndDestroy();
    await once(client, "close");
  });

  test("every user may connect, a second relay may not take the socket, and a dead one's is replaced", async () => {
    const world = await open(echo);
    expect((await stat(world.socketPath)).mode & 0o777).toBe(0o666);
    await expect(startRelay(world.settings)).rejects.toThrow(/another relay serves/);
    await world.relay.close();
    const next = await startRelay(world.settings);
    (await talk(world.socketPath)).destroy();
    await next.close();
  });
});

test("pipe joins two streams with the relay until both ends are done", async () => {
  const world = await open(echo);
  const input = new PassThrough();
  const output = new PassThrough();
  const done = pipeToRelay(world.socketPath, input, output);
  input.end("through the guest");
  expect(await text(output)).toBe("through the guest");
  await done;
});

describe("relay options", () => {
  const good = ["--socket", "/delta/control.sock", "--control-plane", "https://ci.example:8443"];
  test("are read", async () => {
    const settings = await relaySettings(good);
    expect(settings).toMatchObject({ socketPath: "/delta/control.sock", ca: null });
    expect(settings.controlPlane.origin).toBe("https://ci.example:8443");
  });
  test.each([
    [["--control-plane", "http://x"], /--socket: is missing/],
    [["--socket", "relative", "--control-plane", "http://x"], /"relative" is not absolute/],
    [["--socket", "/s", "--control-plane", "ftp://x"], /"ftp:\/\/x" is not/],
    [["--socket", "/s", "--control-plane", "http://x/path"], /has a path/],
    [[...good, "--extra", "1"], /extra/],
  ])("%j is refused", async (args, message) => {
    await expect(relaySettings(args)).rejects.toThrow(message);
  });
});

/** A connection that has reached the far end and come back. */
async function talk(socketPath: string): Promise<Socket> {
  const client = connect(socketPath);
  client.on("error", () => null);
  client.write("?");
  await once(client, "data");
  client.resume();
  return client;
}

/** False when nothing is taken for a while: the pressure has come through. */
async function drained(socket: Socket): Promise<boolean> {
  const patience = AbortSignal.timeout(500);
  return await once(socket, "drain", { signal: patience }).then(
    () => true,
    () => false,
  );
}

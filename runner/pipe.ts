import { connect } from "node:net";
import { pipeline } from "node:stream/promises";

/**
 * One connection of a virtual machine: QEMU runs this program for each connection to the guest's
 * forwarded address, and standard input and output are its two directions.
 * Resolves when both directions have ended; rejects when the relay cannot be reached.
 */
export async function pipeToRelay(
  socketPath: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<void> {
  const relay = connect({ path: socketPath, allowHalfOpen: true });
  await Promise.all([pipeline(input, relay), pipeline(relay, output)]);
}

/** Tries spent on one input. */
const TRIES_MAX = 3_000;

/** A shorter input that still fails: pieces are left out, from halves to single bytes, as long as that works. */
export function minimise(input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array {
  let least = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < least.length && tries < TRIES_MAX; tries += 1) {
      const shorter = Buffer.concat([least.subarray(0, at), least.subarray(at + size)]);
      if (fails(shorter)) least = shorter;
      else at += size;
    }
  }
  return least;
}

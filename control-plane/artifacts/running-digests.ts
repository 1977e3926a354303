/**
 * Digests that are being worked out now, by what they are of: gigabytes take longer to read than a runner
 * waits for an answer, so whoever asks again meanwhile waits for the one that has begun.
 */
export class RunningDigests {
  readonly #running = new Map<string, Promise<string>>();

  share(of: string, work: () => Promise<string>): Promise<string> {
    const known = this.#running.get(of);
    if (known !== undefined) return known;
    const begun = work().finally(() => this.#running.delete(of));
    this.#running.set(of, begun);
    return begun;
  }
}

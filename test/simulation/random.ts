/** Reproducible choices: the same seed makes the same ones, on every machine. */
export interface Random {
  /** A whole number from 0 to below the bound. */
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
}

/** mulberry32: 32 bits of state, good enough to reach every corner of a small model. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) {
        throw new Error("there is nothing to pick from");
      }
      return item;
    },
  };
}

/** Seeds to try: one that is named in DELTA_SIMULATION_SEED, else as many as DELTA_SIMULATION_SEEDS says. */
export function seeds(byDefault: number): readonly number[] {
  const one = process.env["DELTA_SIMULATION_SEED"];
  const count = Number(process.env["DELTA_SIMULATION_SEEDS"] ?? byDefault);
  return one === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(one)];
}

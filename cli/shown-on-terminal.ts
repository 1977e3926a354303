/** How many of a list are all told, and how many of a longer one speak for the others. */
export interface Shown {
  readonly toldMax: number;
  readonly shown: number;
}

/** What a screen is given of a list. A pipe, a file and `--full` get all of it: programs read those. */
export function shownOnTerminal<Item>(
  items: readonly Item[],
  full: boolean,
  { toldMax, shown }: Shown,
): { readonly shown: readonly Item[]; readonly left: readonly Item[] } {
  if (full || !process.stdout.isTTY || items.length <= toldMax) return { shown: items, left: [] };
  return { shown: items.slice(0, shown), left: items.slice(shown) };
}

/** As many as two screens hold; of more the first screen. */
export const COMPONENTS: Shown = { toldMax: 40, shown: 20 };

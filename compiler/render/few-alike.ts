/** In place of items that are like those before them. */
export interface More<Item> {
  readonly more: number;
  /** The first of them. */
  readonly like: Item;
}

/** Items alike that are all told; of more, the first ones speak for the others. */
const ALIKE_TOLD_MAX = 12;
const ALIKE_SHOWN = 5;

/** The items in their order; of many that are alike by what `likenessOf` says, the first ones and how many more. */
export function fewAlike<Item extends object>(
  items: readonly Item[],
  likenessOf: (item: Item) => string,
): readonly (Item | More<Item>)[] {
  const sizes = new Map<string, number>();
  for (const item of items) sizes.set(likenessOf(item), (sizes.get(likenessOf(item)) ?? 0) + 1);
  const shown = new Map<string, number>();
  return items.flatMap((item): readonly (Item | More<Item>)[] => {
    const alike = likenessOf(item);
    const size = sizes.get(alike) ?? 0;
    const before = shown.get(alike) ?? 0;
    shown.set(alike, before + 1);
    if (size <= ALIKE_TOLD_MAX || before < ALIKE_SHOWN) return [item];
    return before === ALIKE_SHOWN ? [{ more: size - ALIKE_SHOWN, like: item }] : [];
  });
}

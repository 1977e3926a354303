/** One combination of a matrix. */
export type Cell = Readonly<Record<string, string | number | boolean>>;

interface WrittenMatrix {
  readonly axes?: Readonly<Record<string, readonly Cell[string][]>>;
  readonly include?: readonly Cell[];
  readonly exclude?: readonly Cell[];
}

/** All combinations, by the rules of our language. */
export function cellsOfMatrix({ axes = {}, include = [], exclude = [] }: WrittenMatrix): readonly Cell[] {
  const names = Object.keys(axes);
  let product: Cell[] = names.length === 0 ? [] : [{}];
  for (const name of names)
    product = product.flatMap((cell) => (axes[name] ?? []).map((value) => ({ ...cell, [name]: value })));
  const kept = product.filter((cell) => !exclude.some((one) => agrees(cell, one)));
  let extended: readonly Cell[] = kept;
  const own: Cell[] = [];
  for (const one of include) {
    const named = Object.fromEntries(Object.entries(one).filter(([name]) => names.includes(name)));
    const count = Object.keys(named).length;
    if (count > 0 && count < Object.keys(one).length && kept.some((cell) => agrees(cell, named)))
      extended = extended.map((cell) => (agrees(cell, named) ? { ...cell, ...one } : cell));
    else if (![...extended, ...own].some((cell) => isSame(cell, one))) own.push(one);
  }
  return [...extended, ...own];
}

/** The matrix with these of its cells alone, as it was written where that can be said. */
export function restricted(matrix: WrittenMatrix, cells: readonly Cell[]): WrittenMatrix {
  const names = Object.keys(matrix.axes ?? {});
  // No axis is without a value: cells that were all added stand for themselves.
  if (
    names.some(
      (name) => !(matrix.axes?.[name] ?? []).some((value) => cells.some((cell) => cell[name] === value)),
    )
  )
    return { include: cells };
  const axes = Object.fromEntries(
    names.map((name) => [
      name,
      (matrix.axes?.[name] ?? []).filter((value) => cells.some((cell) => cell[name] === value)),
    ]),
  );
  // A value that is on no axis makes a cell of its own.
  const isLeft = (one: Cell, isAdded: boolean): boolean =>
    names.every((name) => {
      const value = one[name];
      if (value === undefined || axes[name]?.includes(value) === true) return true;
      return isAdded && matrix.axes?.[name]?.includes(value) !== true;
    });
  const include = (matrix.include ?? []).filter((one) =>
    names.length === 0 ? cells.some((cell) => isSame(cell, one)) : isLeft(one, true),
  );
  const exclude = (matrix.exclude ?? []).filter((one) => isLeft(one, false));
  const written = {
    ...(names.length > 0 ? { axes } : {}),
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
  };
  const again = cellsOfMatrix(written);
  const isExact =
    again.length === cells.length && again.every((cell) => cells.some((one) => isSame(cell, one)));
  return isExact ? written : { include: cells };
}

function agrees(cell: Cell, values: Cell): boolean {
  return Object.entries(values).every(([name, value]) => cell[name] === value);
}

function isSame(one: Cell, other: Cell): boolean {
  return Object.keys(one).length === Object.keys(other).length && agrees(one, other);
}

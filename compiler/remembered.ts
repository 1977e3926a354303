/**
 * The same function, which answers a second question about one object with its first answer: the instances of
 * a job share their parts, which are then made and written once.
 */
export function remembered<Model extends object, Value>(
  make: (model: Model) => Value,
): (model: Model) => Value {
  const known = new WeakMap<Model, Value>();
  return (model) => {
    const before = known.get(model);
    if (before !== undefined) return before;
    const value = make(model);
    known.set(model, value);
    return value;
  };
}

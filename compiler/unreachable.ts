/** Ends a switch over a closed set: the type checker refuses it while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`a case is missing for ${JSON.stringify(value)}`);
}

/** A value as configuration files have it. Throws an Error for one that could break out of its place. */
export function quote(text: string): string {
  if (!/^[\w./:@-]*$/.test(text)) throw new Error(`"${text}" cannot stand in a configuration file`);
  return `"${text}"`;
}

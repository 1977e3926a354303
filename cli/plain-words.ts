/** The flags of a command that a plain command line may have, by name without dashes. */
export interface PlainShape<Value extends string, Switch extends string> {
  readonly values: readonly Value[];
  readonly switches: readonly Switch[];
  /** Whether it takes words besides. */
  readonly takesWords: boolean;
}

export interface PlainLine<Value extends string, Switch extends string> {
  readonly values: Readonly<Partial<Record<Value, string>>>;
  readonly switches: ReadonlySet<Switch>;
  readonly words: readonly string[];
}

/**
 * Reads a command line that leaves no question: long flags of the shape, each once, with values that begin
 * with no dash. Null for any other, which is the parser's to read and to explain; a line that is read here
 * means there what it means here.
 */
export function readPlainly<Value extends string, Switch extends string>(
  line: readonly string[],
  shape: PlainShape<Value, Switch>,
): PlainLine<Value, Switch> | null {
  const values: Partial<Record<Value, string>> = {};
  const switches = new Set<Switch>();
  const words: string[] = [];
  const rest = [...line];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "" || (word.startsWith("-") && !word.startsWith("--"))) return null;
    if (!word.startsWith("-")) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (isOneOf(shape.switches, name)) {
      if (equals >= 0 || switches.has(name)) return null;
      switches.add(name);
    } else if (isOneOf(shape.values, name)) {
      const value = equals < 0 ? rest.shift() : word.slice(equals + 1);
      if (value === undefined || value === "" || value.startsWith("-") || name in values) return null;
      values[name] = value;
    } else return null;
  }
  return words.length > 0 && !shape.takesWords ? null : { values, switches, words };
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}
